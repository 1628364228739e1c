import test, { type ExecutionContext } from 'ava'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home, Outcome } from '../helpers/home.ts'
import { makeLoggedInUser, makeUser, parseAnswer, requestFor } from '../helpers/user.ts'

const NAME = 'git-credential-bitbucket-oauth'

/** What would lock somebody out, or lose a login, if it were typed as it stands. */
const HARMFUL = /chown|chmod|\brm\b|move it away/

const COMMANDS = [['get'], ['refresh'], ['status'], ['doctor']] as const

function listAll(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).toSorted()
}

/** Nobody but root can give a file away. */
const testAsRoot = process.getuid?.() === 0 ? test : test.skip

for (const [command] of COMMANDS) {
  testAsRoot(`${command} as root with the home of a user: no hint takes anything from that user`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    home.expire(sandbox.origin)
    delete home.env['XDG_RUNTIME_DIR']
    spawnSync('chown', ['-R', '12345:12345', home.path])
    // Git itself reads another user's configuration as root.
    const args = command === 'refresh' ? [command, sandbox.origin] : [command]

    const { code, stdout, stderr } = await home.run(NAME, args, { input: request })

    t.is(code === 0, false)
    const said = `${stdout}${stderr}`.replaceAll(/\s+/g, ' ')
    t.regex(said, /belongs to another user/)
    t.regex(said, /run it as yourself: without sudo, or with a home of its own \(sudo -H, su -\)/)
    t.notRegex(said.replaceAll(/git config \S+/g, ''), HARMFUL)
    t.deepEqual(sandbox.oauth.tokenRequests, [])
  })
}

for (const error of ['EPERM', 'EACCES', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENAMETOOLONG']) {
  for (const call of ['mkdir', 'rename']) {
    test(`a lock whose ${call} ends with ${error} is not taken for one that is held`, async (t) => {
      const { home, sandbox, request } = await makeLoggedInUser(t)
      home.expire(sandbox.origin)
      const lock = `${home.recordPath(home.data, sandbox.origin)}.lock`
      const refused = (): Promise<Outcome> => refuse(home, request, call, error, lock)

      const started = performance.now()
      const { code, stdout, stderr } = await refused()
      const passed = performance.now() - started
      home.expire(sandbox.origin, 120)
      const { password } = parseAnswer((await refused()).stdout)

      t.deepEqual({ code, stdout }, { code: 1, stdout: '' }, stderr)
      t.regex(
        stderr,
        /^git-credential-bitbucket-oauth: [^\n]+ cannot be written to \([^\n]+\), so no token could be saved/,
      )
      // One that is held is waited for: an hour here.
      t.true(passed < 60_000)
      t.truthy(password, 'a valid token is answered all the same')
      t.deepEqual(sandbox.oauth.tokenRequests, [])
    })
  }
}

/** A `get` that the system refuses one call for its lock. */
function refuse(home: Home, request: string, call: string, error: string, lock: string): Promise<Outcome> {
  return home.run(
    'sh',
    [
      '-c',
      `exec strace -D -qq -o /dev/null -P "${lock}.$$" -e trace=${call} -e inject=${call}:error=${error} ${NAME} get`,
    ],
    {
      input: request,
    },
  )
}

test('a link that leads nowhere, in the place of the lock, is named at once', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.expire(sandbox.origin)
  const lock = `${home.recordPath(home.data, sandbox.origin)}.lock`
  symlinkSync(join(home.path, 'nowhere'), lock)

  const { code, stderr } = await home.helper('get', request)

  t.is(code, 1)
  t.true(stderr.includes(`${lock} cannot be written to (a file stands where a directory should be)`), stderr)
  t.is(readlinkSync(lock), join(home.path, 'nowhere'))
})

/** A file system that keeps no modes, as Node sees it: a Windows drive in WSL shows all as 0777, whatever is asked for. */
const MODELESS = `const fs = require('node:fs')
for (const name of ['statSync', 'lstatSync', 'fstatSync']) {
  const real = fs[name]
  fs[name] = (...args) => {
    const found = real(...args)
    if (found !== undefined) found.mode |= 0o777
    return found
  }
}
require('node:module').syncBuiltinESMExports()`

for (const isThere of [false, true]) {
  test(`where modes do nothing, the hint is no chmod; the directory is ${isThere ? '' : 'not '}there`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    home.expire(sandbox.origin)
    const data = join(home.path, 'drive')
    home.env['XDG_DATA_HOME'] = data
    if (isThere) mkdirSync(join(data, NAME, 'logins'), { recursive: true, mode: 0o777 })
    writeFileSync(join(home.path, 'modeless.cjs'), MODELESS)
    home.env['NODE_OPTIONS'] = `--require ${join(home.path, 'modeless.cjs')}`

    const first = await home.helper('get', request)
    const second = await home.helper('get', request)

    for (const { code, stderr } of [first, second]) {
      t.is(code, 1)
      t.regex(stderr, /is on a file system without permissions, so no token is written there\nhint: let HOME/)
      t.notRegex(stderr, /chmod/)
    }
    t.is(existsSync(data), isThere)
  })
}

for (const command of ['get', 'status', 'doctor', 'refresh', 'login']) {
  test(`${command} that is refused leaves no empty directory behind`, async (t) => {
    const { home, sandbox } = await makeUser(t)
    const place = join(home.path, 'none')
    home.env['HOME'] = place
    home.env['GIT_CONFIG_GLOBAL'] = join(home.path, '.gitconfig')
    delete home.env['XDG_RUNTIME_DIR']
    // No browser opens, for any command.
    home.env['CI'] = '1'
    const args = command === 'refresh' || command === 'login' ? [command, sandbox.origin] : [command]
    const before = listAll(home.path)

    const { code, stderr } = await home.run(NAME, args, { input: requestFor(sandbox.origin) })

    t.not(code, 0, stderr)
    t.deepEqual(listAll(home.path), before)
  })
}

/** A configured consumer that only git itself finds, and what is said of it. */
const ELSEWHERE: readonly [title: string, prepare: (home: Home, repository: string) => void, expected: RegExp][] = [
  [
    'in the repository',
    (home, repository) => configure(join(repository, '.git/config')),
    /oauthclientid stands in \.git\/config \(local\)/,
  ],
  [
    'in a file that is included for a directory',
    (home, repository) => {
      configure(join(home.path, 'work.inc'))
      home.configure({ [`includeIf.gitdir:${repository}/.path`]: join(home.path, 'work.inc') })
    },
    /oauthclientid stands in [^\n]*work\.inc \(global\)/,
  ],
  [
    'in a file that is included for a remote',
    (home, repository) => {
      configure(join(home.path, 'work.inc'))
      home.configure({
        'includeIf.hasconfig:remote.*.url:https://bitbucket.org/acme/**.path': join(home.path, 'work.inc'),
      })
      writeFileSync(
        join(repository, '.git/config'),
        '[remote "origin"]\n\turl = https://bitbucket.org/acme/widgets\n',
        {
          flag: 'a',
        },
      )
    },
    /oauthclientid stands in [^\n]*work\.inc \(global\)/,
  ],
]

function configure(file: string): void {
  writeFileSync(file, '[credential "https://bitbucket.org"]\n\toauthClientId = key\n\toauthClientSecret = hush\n', {
    flag: 'a',
  })
}

for (const [title, prepare, expected] of ELSEWHERE) {
  test(`a consumer that is configured ${title} is shown, and not followed`, async (t) => {
    const { home, repository } = await makeRepository(t)
    prepare(home, repository)

    const got = await home.run(NAME, ['get'], { input: requestFor('https://bitbucket.org'), cwd: repository })
    const status = await home.run(NAME, ['status'], { cwd: repository })

    t.deepEqual({ code: got.code, stdout: got.stdout }, { code: 1, stdout: '' })
    t.regex(got.stderr, /the OAuth consumer for https:\/\/bitbucket\.org is configured only for some repositories/)
    t.regex(got.stderr, expected)
    t.notRegex(got.stderr, /setup|hush/)
    t.regex(status.stdout, /is configured only for some\s+repositories/)
    t.notRegex(status.stdout, /bitbucket-oauth setup|hush/)
  })
}

test('without HOME, that is what is said, and not to set up', async (t) => {
  const { home, repository } = await makeRepository(t)
  delete home.env['HOME']
  home.env['XDG_DATA_HOME'] = join(home.path, 'data')

  const { code, stderr } = await home.run(NAME, ['get'], {
    input: requestFor('https://bitbucket.org'),
    cwd: repository,
  })

  t.is(code, 1)
  t.regex(
    stderr,
    /HOME is not set, so git reads no configuration of yours[^\n]*\nhint: set HOME to your home directory\n$/,
  )
})

async function makeRepository(t: ExecutionContext): Promise<{ home: Home; repository: string }> {
  const { home } = await makeUser(t)
  const repository = join(home.path, 'work/widgets')
  await home.git('init', '--quiet', repository)
  return { home, repository }
}

test('git killed during a login: the helper ends too, and gives all back', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.useAbsentUser()
  home.configure({ [`credential.${sandbox.origin}.oauthLoginTimeout`]: '3600' })
  writeFileSync(join(home.path, 'git.sh'), `git ls-remote ${sandbox.repository('widgets')} & echo $! > git.pid; wait`)

  const running = home.run('sh', [join(home.path, 'git.sh')])
  while (!existsSync(join(home.path, 'closed'))) await new Promise((resolve) => setTimeout(resolve, 50))
  process.kill(Number(readFileSync(join(home.path, 'work/git.pid'), 'utf8')), 'SIGKILL')
  // It ends when the last process has that writes to the same pipes.
  const { stderr } = await running

  t.regex(stderr, /git has ended meanwhile, so nobody waits for the login\n/)
  t.deepEqual(home.files(home.data), [])
  t.deepEqual(home.files(home.runtime), [], 'no note: the next git may ask at once')
  await t.throwsAsync(fetch(sandbox.oauth.consumer.callback))
})

test('git killed while the code is exchanged: the login is saved', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.useBrowser('follow.ts')
  sandbox.oauth.settings.delay = 2000
  writeFileSync(join(home.path, 'git.sh'), `git ls-remote ${sandbox.repository('widgets')} & echo $! > git.pid; wait`)

  const running = home.run('sh', [join(home.path, 'git.sh')])
  await sandbox.oauth.tokenRequestBegins()
  process.kill(Number(readFileSync(join(home.path, 'work/git.pid'), 'utf8')), 'SIGKILL')
  await running

  t.is(home.files(home.data).length, 1)
  t.truthy(home.record(home.data, sandbox.origin)['refreshToken'])
})

test('a login with another consumer that fails leaves the one before, and status says whose it is', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  const before = home.record(home.data, sandbox.origin)
  home.configure({ [`credential.${sandbox.origin}.oauthClientId`]: 'another' })
  home.env['CI'] = '1'

  const failed = await home.run(NAME, ['login', sandbox.origin])
  const status = await home.run(NAME, ['status'])
  const { stdout } = await home.run(NAME, ['status', '--json'])

  const key = sandbox.oauth.consumer.key
  t.not(failed.code, 0)
  t.deepEqual(home.record(home.data, sandbox.origin), before)
  t.true(status.stdout.includes(`\n  consumer      key ${key.slice(0, 4)}...\n`), status.stdout)
  t.false(stdout.includes(key))
  t.like(JSON.parse(stdout), { accounts: [{ login: { store: 'file', consumer: `${key.slice(0, 4)}...` } }] })
})
