import test, { type ExecutionContext } from 'ava'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { helperAt } from '../helpers/clock.ts'
import { makeDirectory } from '../helpers/directory.ts'
import { Disk } from '../helpers/disk.ts'
import { makeForeignDirectory } from '../helpers/foreign.ts'
import type { Home, Outcome } from '../helpers/home.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { snapshot } from '../helpers/snapshot.ts'
import { makeLoggedInUser, makeUser, parseAnswer, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

// One after the other: a keyring that has to share two cores with forty tests may be late.

const NAME = 'git-credential-bitbucket-oauth'

type User = { readonly home: Home; readonly sandbox: Sandbox; readonly request: string }
type Get = () => Promise<Outcome>

const REFRESHED = { grantType: 'refresh_token', status: 200 }

/** One sentence, what to do about it, and nothing else. */
const SENTENCE = /^git-credential-bitbucket-oauth: [^\n]+\n(hint: [^\n]+\n)*$/

/** All that is kept of the user's. */
function snapshotAll({ home }: User): unknown {
  return [home.data, home.runtime].map((directory) => snapshot(directory))
}

/** Asks in vain: nothing may change by it. */
async function assertRefused(t: ExecutionContext, user: User, get: Get, complaint: RegExp): Promise<void> {
  const before = snapshotAll(user)

  const { code, stdout, stderr } = await get()

  t.is(code, 1, stderr)
  t.is(stdout, '')
  t.regex(stderr, SENTENCE)
  t.regex(stderr, complaint)
  t.deepEqual(snapshotAll(user), before)
  t.deepEqual(user.sandbox.oauth.tokenRequests, [])
  t.deepEqual(user.home.openedUrls(), [])
}

/** Asks once the trouble is over: all goes on where it stopped. */
async function assertHealed(t: ExecutionContext, { home, sandbox }: User, get: Get): Promise<void> {
  const { code, stdout, stderr } = await get()

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.truthy(await sandbox.oauth.scopesOf(parseAnswer(stdout)['password'] ?? ''))
  t.deepEqual(sandbox.oauth.tokenRequests, [REFRESHED])
  t.deepEqual(home.openedUrls(), [])
}

for (const blocks of [0, 1]) {
  test.serial(`files may have ${blocks} blocks: a sentence, nothing spent, nothing changed`, async (t) => {
    const user = await makeLoggedInUser(t)
    const { home, sandbox, request } = user
    home.expire(sandbox.origin)

    await assertRefused(
      t,
      user,
      () => home.run('sh', ['-c', `ulimit -f ${blocks}; exec ${NAME} get`], { input: request }),
      /cannot be written to \(EFBIG\)|it would exceed the file size limit/,
    )
    await assertHealed(t, user, () => home.helper('get', request))
  })
}

for (const left of [0, 4096, 8192]) {
  test.serial(`a disk with room for ${left} bytes: a sentence, nothing spent, nothing changed`, async (t) => {
    const user = await makeLoggedInUser(t)
    const { home, sandbox, request } = user
    home.expire(sandbox.origin)
    const disk = await Disk.small(t, home.data)
    disk.fill(left)
    const before = snapshot(disk.path)

    await assertRefused(
      t,
      user,
      () => disk.helper(home, 'get', request),
      /cannot be written to \(ENOSPC\)|the disk is full/,
    )
    t.deepEqual(snapshot(disk.path), before)
    disk.free()
    await assertHealed(t, user, () => disk.helper(home, 'get', request))
  })
}

test.serial(
  'a disk that fills up while the server answers: the login is rescued, and comes back when there is room',
  async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    const { origin, oauth } = sandbox
    const record = home.recordPath('', origin)
    const rescued = join(home.runtime, `${record}.rescued`)
    home.expire(origin)
    const disk = await Disk.small(t, home.data)
    const before = snapshot(disk.path)
    oauth.settings.delay = 1500

    const running = disk.helper(home, 'get', request)
    await oauth.tokenRequestBegins()
    disk.fill()
    const { code, stdout, stderr } = await running

    oauth.settings.delay = 0
    t.is(code, 0, stderr)
    t.is(
      stderr,
      `${NAME}: ${join(home.data, record)} cannot be used: the disk is full; the new login is kept in a file that only you can read: ${rescued}\n`,
    )
    t.truthy(await oauth.scopesOf(parseAnswer(stdout)['password'] ?? ''))
    t.is(statSync(rescued).mode & 0o777, 0o600)
    t.is(snapshot(disk.path)[record], before[record], 'the old login stays whole')

    // As long as there is no room, the rescued one is not spent either.
    home.expire(origin)
    t.is((await disk.helper(home, 'get', request)).code, 1)
    t.deepEqual(oauth.tokenRequests, [REFRESHED])

    disk.free()
    const healed = await disk.helper(home, 'get', request)

    t.deepEqual({ code: healed.code, stderr: healed.stderr }, { code: 0, stderr: '' })
    t.deepEqual(oauth.tokenRequests, [REFRESHED, REFRESHED])
    t.false(existsSync(rescued))
    t.not(snapshot(disk.path)[record], before[record])
    t.deepEqual(home.files(disk.path), [record])
    t.deepEqual(home.openedUrls(), [])

    home.expire(origin)
    t.like(await disk.helper(home, 'get', request), { code: 0, stderr: '' })
    t.deepEqual(oauth.tokenRequests, [REFRESHED, REFRESHED, REFRESHED])
  },
)

test.serial(
  'two disks that fill up while the server answers: a sentence, and the one before is good once more',
  async (t) => {
    const { home, sandbox } = await makeUser(t)
    const { origin, oauth } = sandbox
    const request = requestFor(origin)
    const both = makeDirectory(t)
    const [data, runtime] = [join(both, 'data'), join(both, 'runtime')]
    for (const directory of [data, runtime]) mkdirSync(directory, { mode: 0o700 })
    Object.assign(home.env, { XDG_DATA_HOME: data, XDG_RUNTIME_DIR: runtime })
    home.useBrowser('follow.ts')
    const first = await home.helper('get', request)
    home.forbidBrowser()
    const { password } = parseAnswer(first.stdout)
    await home.helper('erase', `${request}password=${password}\n`)
    const disk = await Disk.small(t, both)
    oauth.settings.delay = 1500
    oauth.tokenRequests.length = 0

    const running = disk.helper(home, 'get', request)
    await oauth.tokenRequestBegins()
    disk.fill()
    const { code, stdout, stderr } = await running

    oauth.settings.delay = 0
    t.deepEqual({ code, stdout }, { code: 1, stdout: '' }, stderr)
    t.regex(stderr, SENTENCE)
    t.regex(stderr, /: the new login could not be saved: [^\n]+: the disk is full\n/)
    oauth.storage.grace = 600
    disk.free()
    t.like(await disk.helper(home, 'get', request), { code: 0, stderr: '' })
    t.deepEqual(oauth.tokenRequests, [REFRESHED, REFRESHED])
    t.is(home.openedUrls().length, 1, 'only the first login')
  },
)

for (const [title, names] of [
  ['XDG_DATA_HOME and XDG_RUNTIME_DIR', ['XDG_DATA_HOME', 'XDG_RUNTIME_DIR']],
  ['XDG_DATA_HOME and XDG_CACHE_HOME', ['XDG_DATA_HOME', 'XDG_CACHE_HOME']],
] as const) {
  test.serial(`${title} may be one directory: login and access token do not overwrite each other`, async (t) => {
    const { home, sandbox } = await makeUser(t)
    const request = requestFor(sandbox.origin)
    home.env['XDG_RUNTIME_DIR'] = ''
    const directory = makeDirectory(t)
    for (const name of names) home.env[name] = directory
    home.useBrowser('follow.ts')

    const first = await home.helper('get', request)
    home.env['GIT_TERMINAL_PROMPT'] = '0'
    const { password = '' } = parseAnswer(first.stdout)
    await home.helper('erase', `${request}password=${password}\n`)
    const second = await home.helper('get', request)

    t.is(first.code, 0, first.stderr)
    t.deepEqual({ code: second.code, stderr: second.stderr }, { code: 0, stderr: '' })
    t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'authorization_code', status: 200 }, REFRESHED])
    t.is(home.openedUrls().length, 1)
  })
}

for (const [title, choose, complaint] of [
  ['logins', (home: Home) => home.data, /cannot be written to \(EROFS\)|the file system is read-only/],
  ['access tokens', (home: Home) => home.runtime, /the file system is read-only/],
] as const) {
  test.serial(`the directory of the ${title} on a read-only disk: a sentence, nothing spent`, async (t) => {
    const user = await makeLoggedInUser(t)
    const { home, sandbox, request } = user
    home.expire(sandbox.origin)
    const disk = await Disk.readOnly(t, choose(home))

    await assertRefused(t, user, () => disk.helper(home, 'get', request), complaint)
    await assertHealed(t, user, () => home.helper('get', request))
  })
}

/** Somebody planted something at a place; what was there before comes back. */
function plant(path: string, make: () => void): () => void {
  const hidden = `${path}.hidden`
  const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined
  if (isThere) renameSync(path, hidden)
  make()
  return () => {
    rmSync(path)
    if (isThere) renameSync(hidden, path)
  }
}

const login = ({ home, sandbox }: User): string => home.recordPath(home.data, sandbox.origin)
const accessToken = ({ home, sandbox }: User): string => home.recordPath(home.runtime, sandbox.origin)
const rescuedLogin = (user: User): string => `${accessToken(user)}.rescued`

/** A login that is good by its form: whoever follows a link to it would take it. */
function makeTarget(t: ExecutionContext, user: User): string {
  const target = join(makeDirectory(t), 'target')
  writeFileSync(target, readFileSync(login(user)), { mode: 0o600 })
  return target
}

type Trouble = (t: ExecutionContext, user: User) => () => void

const changeMode =
  (choose: (user: User) => string, mode: number): Trouble =>
  (_t, user) => {
    const path = choose(user)
    const before = statSync(path).mode
    chmodSync(path, mode)
    return () => chmodSync(path, before)
  }

/** Root gives it away; everybody else has nothing but root's things to put there. */
const giveAway =
  (choose: (user: User) => string, roots: string): Trouble =>
  (_t, user) => {
    const path = choose(user)
    if (process.getuid?.() !== 0) return plant(path, () => symlinkSync(roots, path))
    lchownSync(path, 12_345, 12_345)
    return () => lchownSync(path, 0, 0)
  }

const linkFile =
  (choose: (user: User) => string): Trouble =>
  (t, user) => {
    const target = makeTarget(t, user)
    const before = snapshot(target)
    const remove = plant(choose(user), () => symlinkSync(target, choose(user)))
    return () => {
      t.deepEqual(snapshot(target), before)
      remove()
    }
  }

const linkDirectory =
  (choose: (home: Home) => string): Trouble =>
  (t, { home }) => {
    const target = makeForeignDirectory(t)
    const before = readdirSync(target)
    const remove = plant(choose(home), () => symlinkSync(target, choose(home)))
    return () => {
      t.deepEqual(readdirSync(target), before)
      remove()
    }
  }

/** A link that another user made, to a directory that is the user's own. Nobody but root can make one. */
const linkDirectoryAsAnother: Trouble = (t, { home }) => {
  const target = process.getuid?.() === 0 ? makeDirectory(t) : makeForeignDirectory(t)
  const remove = plant(home.data, () => {
    symlinkSync(target, home.data)
    if (process.getuid?.() === 0) lchownSync(home.data, 12_345, 12_345)
  })
  const before = readdirSync(target)
  return () => {
    t.deepEqual(readdirSync(target), before)
    remove()
  }
}

for (const [title, cause, complaint] of [
  [
    'the login’s file is another user’s',
    giveAway(login, '/etc/hostname'),
    /belongs to another user|is a symbolic link/,
  ],
  ['the login’s file can be read by others', changeMode(login, 0o644), /can be read or changed by other users/],
  ['the login’s file is a link', linkFile(login), /it is a symbolic link/],
  ['the rescued login’s file is a link', linkFile(rescuedLogin), /it is a symbolic link/],
  ['the data directory is another user’s', giveAway(({ home }) => home.data, '/'), /can be changed by other users/],
  ['others can change the data directory', changeMode(({ home }) => home.data, 0o777), /can be changed by other users/],
  ['others can change the runtime directory', changeMode(({ home }) => home.runtime, 0o777), /can be changed by other/],
  [
    'the data directory is a link to another user’s',
    linkDirectory((home) => home.data),
    /can be changed by other users|belongs to another user/,
  ],
  [
    'the runtime directory is a link to another user’s',
    linkDirectory((home) => home.runtime),
    /can be changed by other users|belongs to another user/,
  ],
  ['the data directory is another user’s link', linkDirectoryAsAnother, /can be changed by other users/],
] as const) {
  test.serial(`${title}: a sentence, nothing spent, and it heals`, async (t) => {
    const user = await makeLoggedInUser(t)
    const { home, sandbox, request } = user
    home.expire(sandbox.origin)
    const heal = cause(t, user)

    await assertRefused(t, user, () => home.helper('get', request), complaint)
    heal()
    await assertHealed(t, user, () => home.helper('get', request))
  })
}

for (const [title, spoil] of [
  ['is a link', (path: string, target: string) => symlinkSync(target, path)],
  ['can be read by others', (path: string, target: string) => cpSync(target, path)],
] as const) {
  test.serial(`an access token whose file ${title} is not answered, and a new one takes its place`, async (t) => {
    const user = await makeLoggedInUser(t)
    const { home, sandbox, request } = user
    const path = accessToken(user)
    const { accessToken: old } = home.record(home.runtime, sandbox.origin)
    const target = join(makeDirectory(t), 'target')
    renameSync(path, target)
    spoil(path, target)
    if (lstatSync(path).isFile()) chmodSync(path, 0o644)
    const before = snapshot(target)

    const { code, stdout, stderr } = await home.helper('get', request)
    const again = await home.helper('get', request)

    t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    t.not(parseAnswer(stdout)['password'], old)
    t.is(again.stdout, stdout)
    t.deepEqual(sandbox.oauth.tokenRequests, [REFRESHED])
    t.true(lstatSync(path).isFile())
    t.is(lstatSync(path).mode & 0o777, 0o600)
    t.deepEqual(snapshot(target), before)
  })
}

test.serial('a data directory that the user moved elsewhere by a link is used', async (t) => {
  const user = await makeLoggedInUser(t)
  const { home, sandbox, request } = user
  const elsewhere = join(makeDirectory(t), 'elsewhere')
  renameSync(home.data, elsewhere)
  symlinkSync(elsewhere, home.data)
  home.expire(sandbox.origin)

  await assertHealed(t, user, () => home.helper('get', request))

  t.true(lstatSync(home.data).isSymbolicLink())
})

/** Of 200 characters, with the six that are chosen by chance. */
const LONG = `home-${'x'.repeat(200 - '/tmp/home-'.length - 6)}`

for (const [title, prefix] of [
  ['with blanks, letters outside ASCII and quotes', 'home of Zoë "Zed" O’Hara\'s 家 '],
  ['of 200 characters', LONG],
] as const) {
  test.serial(`a home on a path ${title}: clone, refresh, status and erase`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t, { prefix })

    const clone = await home.git('clone', '--quiet', sandbox.repository('widgets'), 'clone')
    home.expire(sandbox.origin)
    const fetched = await home.git('-C', 'clone', 'fetch', '--quiet')
    const { accessToken: token } = home.record(home.runtime, sandbox.origin)
    const status = await home.run(NAME, ['status'])
    home.expire(sandbox.origin, 3600)
    const erased = await home.helper('erase', `${request}username=x-token-auth\npassword=${String(token)}\n`)
    const left = [home.files(home.runtime), home.files(home.data).length]
    const rejected = await home.run('git', ['credential', 'reject'], { input: request })

    for (const outcome of [clone, fetched, erased, rejected]) {
      t.deepEqual(outcome, { code: 0, stdout: '', stderr: '' })
    }
    t.deepEqual(sandbox.oauth.tokenRequests, [REFRESHED])
    t.like(status, { code: 0, stderr: '' })
    t.deepEqual(left, [[], 1])
    t.deepEqual([home.files(home.runtime), home.files(home.data)], [[], []])
  })
}

for (const [title, choose, mode] of [
  ['a file', login, 0o644],
  ['a directory', ({ home }: User) => home.data, 0o777],
] as const) {
  test.serial(`the hint for ${title} that others can change mends it, whatever the path`, async (t) => {
    const user = await makeLoggedInUser(t, { prefix: "O'Hara’s home " })
    const { home, sandbox, request } = user
    home.expire(sandbox.origin)
    chmodSync(choose(user), mode)

    const { stderr } = await home.helper('get', request)
    const [, command = ''] = /^hint: (?:make it yours alone: )?(ch(?:own|mod) .*)$/m.exec(stderr) ?? []
    const mended = await home.run('sh', ['-c', command])

    t.deepEqual(mended, { code: 0, stdout: '', stderr: '' }, command)
    await assertHealed(t, user, () => home.helper('get', request))
  })
}

/** Under a umask that takes nothing away. */
async function trace(user: User, file: string): Promise<Outcome> {
  if (spawnSync('strace', ['--version']).error !== undefined) {
    throw new Error('strace is missing: on Debian, apt-get install strace')
  }
  const { home, request } = user
  const calls = 'openat,open,creat,mkdir,mkdirat,chmod,fchmod,fchmodat'
  const command = `umask 000; exec strace -f --seccomp-bpf -e trace=${calls} -o "$1" ${NAME} get`
  return home.run('sh', ['-c', command, 'sh', file], { input: request })
}

type Made = { readonly path: string; readonly mode: string }

/** What a program made below a directory, and which modes it changed, by the kernel's own account. */
function readTrace(file: string, directory: string): { files: Made[]; directories: Made[]; changes: string[] } {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"${directory}`))
  const made = (pattern: RegExp): Made[] =>
    lines.flatMap((line) => {
      const [, path, mode] = pattern.exec(line) ?? []
      return path === undefined || mode === undefined ? [] : [{ path, mode }]
    })
  return {
    files: made(/ (?:openat\(AT_FDCWD, |open\()"([^"]+)", [A-Z_|]*O_CREAT[A-Z_|]*, (0\d*)/),
    directories: made(/ mkdir(?:at\(AT_FDCWD, |\()"([^"]+)", (0\d*)/),
    changes: lines.filter((line) => / f?chmod(at)?\(/.test(line)),
  }
}

test.serial('files and directories are the user’s alone from their first moment, whatever the umask', async (t) => {
  const { home, sandbox } = await makeUser(t)
  const user = { home, sandbox, request: requestFor(sandbox.origin) }
  home.useBrowser('follow.ts')

  const loggedIn = await trace(user, join(home.path, 'login.trace'))
  home.expire(sandbox.origin)
  const refresh = await trace(user, join(home.path, 'refresh.trace'))

  t.is(loggedIn.code, 0, loggedIn.stderr)
  t.deepEqual({ code: refresh.code, stderr: refresh.stderr }, { code: 0, stderr: '' })
  for (const name of ['login.trace', 'refresh.trace']) {
    for (const directory of [join(home.path, '.local'), home.runtime]) {
      const { files, directories, changes } = readTrace(join(home.path, name), directory)
      t.true(files.length > 0)
      for (const { path, mode } of files) t.is(mode, '0600', path)
      for (const { path, mode } of directories) t.is(mode, '0700', path)
      t.deepEqual(changes, [])
    }
  }
  const { directories } = readTrace(join(home.path, 'login.trace'), home.path)
  const made = new Set(directories.map(({ path }) => path))
  for (const directory of [join(home.path, '.local'), join(home.path, '.local/share'), home.data, home.runtime]) {
    t.true(made.has(directory), directory)
    t.is(statSync(directory).mode & 0o777, 0o700)
  }
})

for (const store of ['file', 'auto', 'keyring'] as const) {
  for (const length of [1, 2_500, 8_192, 60_000]) {
    test.serial(`tokens of ${length} bytes, oauthStore=${store}: answered whole, renewed, erased`, async (t) => {
      const { home, sandbox } = await makeUser(t)
      const { oauth, origin } = sandbox
      const request = requestFor(origin)
      if (store !== 'file') Object.assign(home.env, (await KeyringDaemon.start(t)).env)
      home.configure({ [`credential.${origin}.oauthStore`]: store })
      oauth.settings.tokenLength = length
      home.useBrowser('follow.ts')

      const first = await home.helper('get', request)
      home.forbidBrowser()
      const cached = await home.helper('get', request)
      t.deepEqual(cached, { code: 0, stdout: first.stdout, stderr: '' }, first.stderr)
      const tokens = [parseAnswer(cached.stdout)['password'] ?? '']
      for (let round = 1; round <= 2; round++) {
        const erase = `${request}username=x-token-auth\npassword=${tokens.at(-1)}\n`
        // A minute later: one that is refused at once is another matter.
        t.deepEqual(await helperAt(home, '+1m', 'erase', erase), { code: 0, stdout: '', stderr: '' })
        const { code, stdout, stderr } = await home.helper('get', request)
        t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
        tokens.push(parseAnswer(stdout)['password'] ?? '')
      }

      for (const token of tokens) {
        // The sandbox's tokens have a tail.
        t.is(token.length, length + 1)
        t.truthy(await oauth.scopesOf(token))
      }
      t.deepEqual(oauth.tokenRequests, [{ grantType: 'authorization_code', status: 200 }, REFRESHED, REFRESHED])
      t.is(home.openedUrls().length, 1)
      if (store === 'keyring') {
        t.deepEqual(home.findFiles('refreshToken"'), [])
        t.deepEqual(home.record(home.data, origin)['accessToken'], 'keyring')
        // One letter is in any file.
        if (length > 1) for (const token of tokens) t.deepEqual(home.findFiles(token.slice(0, length)), [])
      }
    })
  }
}
