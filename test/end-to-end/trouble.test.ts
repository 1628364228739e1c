import test from 'ava'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newOwner, writeOwner } from '../../src/tokens/lock/owner.ts'
import { Home } from '../helpers/home.ts'
import { freePort } from '../helpers/ports.ts'
import { needProgram } from '../helpers/programs.ts'
import { startGet } from '../helpers/running.ts'
import { makeLoggedInUser, makeUser, parseAnswer, requestFor } from '../helpers/user.ts'
import { Sandbox } from '../sandbox/sandbox.ts'

test('offline with a valid token: works, in silence', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  await sandbox.stop()

  const { code, stdout, stderr } = await home.helper('get', request)

  t.is(code, 0)
  t.is(stderr, '')
  t.is(parseAnswer(stdout)['password'], String(home.record(home.runtime, sandbox.origin)['accessToken']))
})

test('offline with little time left: the token is used while it lasts, and the reason is told', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  await sandbox.stop()
  home.expire(sandbox.origin, 200)
  const before = [home.record(home.runtime, sandbox.origin), home.record(home.data, sandbox.origin)]

  const { code, stdout, stderr } = await home.helper('get', request)

  t.is(code, 0)
  t.is(parseAnswer(stdout)['password'], String(before[0]?.['accessToken']))
  t.regex(
    stderr,
    /^[^\n]+cannot be reached \(the connection was refused\); the present token is used for the \d+ seconds it lasts\n$/,
  )
  t.deepEqual([home.record(home.runtime, sandbox.origin), home.record(home.data, sandbox.origin)], before)
})

test('offline with an expired token: one sentence, no browser, nothing deleted', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  await sandbox.stop()
  home.expire(sandbox.origin)
  const before = [home.record(home.runtime, sandbox.origin), home.record(home.data, sandbox.origin)]

  const { code, stdout, stderr } = await home.helper('get', request)

  t.is(code, 1)
  t.is(stdout, '')
  t.is(
    stderr,
    `git-credential-bitbucket-oauth: ${new URL(sandbox.origin).host} cannot be reached (the connection was refused)\nhint: try again when the network is back; to look for the cause: git credential-bitbucket-oauth doctor\n`,
  )
  t.deepEqual(home.openedUrls(), [])
  t.deepEqual([home.record(home.runtime, sandbox.origin), home.record(home.data, sandbox.origin)], before)
  t.deepEqual(home.files(home.data), [`${encodeURIComponent(sandbox.origin)}.json`])
})

for (const fault of [
  { status: 401, type: 'text/plain', body: 'Unauthorized' },
  { status: 429, type: 'application/json', body: '{"error":"rate limit"}', headers: { 'retry-after': '60' } },
  { status: 500, type: 'text/html', body: '<html>' },
  { status: 503, type: 'application/json', body: '{"error":"invalid_grant"}' },
  { status: 200, type: 'text/html', body: '<html>Log in</html>' },
  { status: 302, type: 'text/html', body: '', headers: { location: '/' } },
]) {
  test(`HTTP ${fault.status} ${fault.type} from the token endpoint passes, and nothing is lost`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    home.expire(sandbox.origin)
    sandbox.oauth.settings.fault = fault

    const failed = await home.helper('get', request)
    sandbox.oauth.settings.fault = undefined
    const worked = await home.helper('get', request)

    t.is(failed.code, 1)
    t.regex(failed.stderr, /gave no usable answer/)
    t.is(worked.code, 0)
    t.is(worked.stderr, '')
    t.deepEqual(home.openedUrls(), [])
  })
}

for (const [title, remaining, code, message] of [
  ['an expired token', 0, 1, /gave no usable answer \(no access token\)\nhint: try again in a while\n$/],
  [
    'a token with little time left',
    200,
    0,
    /\(no access token\); the present token is used for the \d+ seconds it lasts\n$/,
  ],
] as const) {
  test(`${title}, and a refresh token alone comes for it: it is saved, and the next request sends it`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    home.expire(sandbox.origin, remaining)
    sandbox.oauth.settings.refreshTokenAlone = true
    const before = home.record(home.data, sandbox.origin)

    const half = await home.helper('get', request)
    const saved = home.record(home.data, sandbox.origin)
    sandbox.oauth.settings.refreshTokenAlone = false
    const whole = await home.helper('get', request)

    t.is(half.code, code)
    t.regex(half.stderr, message)
    t.not(saved['refreshToken'], before['refreshToken'])
    t.like(whole, { code: 0, stderr: '' })
    t.deepEqual(
      sandbox.oauth.tokenRequests.map(({ status }) => status),
      [200, 200],
    )
    t.deepEqual(home.openedUrls(), [])
  })
}

test('a login that brings a refresh token alone is saved, and the next request completes it', async (t) => {
  const { home, sandbox } = await makeUser(t)
  const request = requestFor(sandbox.origin)
  home.useBrowser('follow.ts')
  sandbox.oauth.settings.refreshTokenAlone = true

  const half = await home.helper('get', request)
  home.forbidBrowser()
  sandbox.oauth.settings.refreshTokenAlone = false
  const whole = await home.helper('get', request)

  t.is(half.code, 1)
  t.regex(half.stderr, /gave no usable answer \(no access token\)\nhint: try again in a while\n$/)
  t.like(whole, { code: 0, stderr: '' })
  t.truthy(await sandbox.oauth.scopesOf(String(parseAnswer(whole.stdout)['password'])))
})

test('a refresh token that ended asks for a login where one may be asked for, and stays until it is replaced', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.expire(sandbox.origin)
  sandbox.oauth.storage.forget('RefreshToken')
  home.env['GIT_TERMINAL_PROMPT'] = '0'
  const before = home.record(home.data, sandbox.origin)

  const { code, stderr } = await home.helper('get', request)

  t.is(code, 1)
  t.regex(
    stderr,
    /: the saved login was refused by [^\n]+: The specified code is not valid \(invalid_grant\); no browser/,
  )
  t.deepEqual(home.record(home.data, sandbox.origin), before)
})

for (const [title, origin] of [
  ['another host', 'https://github.com'],
  ['Bitbucket without encryption', 'http://bitbucket.org'],
  ['Bitbucket on another port', 'https://bitbucket.org:8443'],
  ['a name that ends in Bitbucket’s', 'https://evilbitbucket.org'],
  ['a name that begins with Bitbucket’s', 'https://bitbucket.org.evil.example'],
  ['Bitbucket with a dot', 'https://bitbucket.org.'],
  ['a local server that nobody configured', 'http://127.0.0.1:1'],
] as const) {
  test(`${title} gets silence`, async (t) => {
    const { home } = await makeUser(t)
    home.configure({
      'credential.https://bitbucket.org.oauthClientId': 'key',
      'credential.https://bitbucket.org.oauthClientSecret': 'secret',
    })

    for (const operation of ['get', 'store', 'erase']) {
      t.deepEqual(await home.helper(operation, requestFor(origin, { password: 'theirs' })), {
        code: 0,
        stdout: '',
        stderr: '',
      })
    }
    t.deepEqual([home.files(home.runtime), home.files(home.data)], [[], []])
  })
}

test('a repository cannot make its own host ours, nor send Bitbucket’s tokens elsewhere', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.useBrowser('follow.ts')
  await home.git('init', '--quiet', '.')
  for (const [key, value] of [
    ['https://evil.example.oauthClientId', 'evil'],
    ['https://evil.example.oauthClientSecret', 'evil'],
    ['https://evil.example.oauthAuthURL', 'https://evil.example/authorize'],
    ['https://evil.example.oauthTokenURL', 'https://evil.example/token'],
    [`${sandbox.origin}.oauthTokenURL`, 'http://127.0.0.1:1/token'],
  ] as const) {
    t.is((await home.git('config', '--local', `credential.${key}`, value)).code, 0)
  }

  t.deepEqual(await home.helper('get', requestFor('https://evil.example')), { code: 0, stdout: '', stderr: '' })
  const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))
  t.is(code, 0, stderr)
})

test('Bitbucket without a consumer: what to do, and git goes on to the next helper', async (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  home.configure({ 'credential.helper': 'bitbucket-oauth' })
  const next = '!f() { test "$1" = get && printf "username=u\\npassword=next\\n"; }; f'
  writeFileSync(
    join(home.path, '.gitconfig'),
    `${readFileSync(join(home.path, '.gitconfig'), 'utf8')}[credential]\n\thelper = "${next.replaceAll(/["\\]/g, '\\$&')}"\n`,
  )

  const { code, stdout, stderr } = await home.run('git', ['credential', 'fill'], {
    input: requestFor('https://bitbucket.org'),
  })

  t.is(code, 0)
  t.is(parseAnswer(stdout)['password'], 'next')
  t.regex(stderr, /^git-credential-bitbucket-oauth: no OAuth consumer is configured for https:\/\/bitbucket\.org/)
  t.regex(stderr, /hint: git credential-bitbucket-oauth setup\n/)
})

const bitbucket = requestFor('https://bitbucket.org')
for (const [title, input, code, complaint] of [
  ['no input', '', 0, ''],
  ['an empty line', '\n', 0, ''],
  ['no host', 'protocol=https\n', 0, ''],
  ['an empty host', 'protocol=https\nhost=\n', 0, ''],
  ['no protocol', 'host=bitbucket.org\n', 0, ''],
  ['a letter that is a k in lower case only', 'protocol=https\nhost=bitbuc\u212Aet.org\n', 0, ''],
  ['garbage', '\u0001\u0002garbage', 1, 'a line without "="'],
  ['a line of 64 KiB', `${bitbucket}password=${'x'.repeat(65_536)}\n`, 1, 'a line of more than 65535 bytes'],
  ['two megabytes', 'a=b\n'.repeat(500_000), 1, 'the request is too long'],
  ['a carriage return in the host', 'protocol=https\r\nhost=bitbucket.org\r\n', 1, 'a control character in "protocol"'],
  ['a NUL in the host', 'protocol=https\nhost=bitbucket.org\0.evil.example\n', 1, 'a NUL byte'],
] as const) {
  test(`bad input: ${title}`, async (t) => {
    const home = new Home()
    t.teardown(() => home.remove())

    for (const operation of ['get', 'erase']) {
      const outcome = await home.helper(operation, input)

      t.is(outcome.stdout, '')
      t.is(outcome.code, code, operation)
      if (complaint === '') t.is(outcome.stderr, '')
      else t.regex(outcome.stderr, /^git-credential-bitbucket-oauth: [^\n]+\n$/)
      t.true(outcome.stderr.includes(complaint), outcome.stderr)
    }
  })
}

test('a closed standard input is silence, a directory is a sentence', async (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  const name = 'git-credential-bitbucket-oauth'

  const closed = await home.run('sh', ['-c', `${name} get <&-`])
  const directory = await home.run('sh', ['-c', `${name} get < /`])

  t.deepEqual(closed, { code: 0, stdout: '', stderr: '' })
  t.is(directory.code, 1)
  t.is(directory.stderr, `${name}: the standard input is a directory, and git sends a request there\n`)
})

test('a reader that has gone away is no error', async (t) => {
  const { home, request } = await makeLoggedInUser(t)
  writeFileSync(join(home.path, 'request'), request)
  const helper = 'git-credential-bitbucket-oauth get < ../request; echo $? > ../code'

  // The reader closes its end before the helper starts.
  const { stderr } = await home.run('sh', ['-c', `( sleep 0.5; ${helper} ) | exec true`])

  t.is(stderr, '')
  t.is(readFileSync(join(home.path, 'code'), 'utf8'), '0\n')
})

for (const operation of ['store', 'capability', 'frobnicate', 'approve']) {
  test(`${operation} answers by the protocol`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    const before = home.record(home.runtime, sandbox.origin)

    const outcome = await home.helper(operation, `${request}username=alice\npassword=theirs\n`)

    t.deepEqual(outcome, {
      code: 0,
      stdout: operation === 'capability' ? 'version 0\ncapability authtype\ncapability state\n' : '',
      stderr: '',
    })
    t.deepEqual(home.record(home.runtime, sandbox.origin), before)
  })
}

test('erase keeps a token that is not the one git rejected', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const before = home.record(home.runtime, sandbox.origin)

  const outcome = await home.helper('erase', `${request}username=x-token-auth\npassword=an older one\n`)

  t.deepEqual(outcome, { code: 0, stdout: '', stderr: '' })
  t.deepEqual(home.record(home.runtime, sandbox.origin), before)
})

test('erase forgets the access token that git rejected, and only that', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.expire(sandbox.origin, 3600)
  const before = home.record(home.data, sandbox.origin)
  const { accessToken } = home.record(home.runtime, sandbox.origin)

  const outcome = await home.helper('erase', `${request}username=x-token-auth\npassword=${String(accessToken)}\n`)

  t.deepEqual(outcome, { code: 0, stdout: '', stderr: '' })
  t.deepEqual(home.files(home.runtime), [])
  t.deepEqual(home.record(home.data, sandbox.origin), before)
})

test('erase of what another helper answered in another form forgets nothing', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const before = [home.record(home.runtime, sandbox.origin), home.record(home.data, sandbox.origin)]

  const outcome = await home.helper('erase', `${request}capability[]=authtype\nauthtype=Bearer\ncredential=theirs\n`)

  t.deepEqual(outcome, { code: 0, stdout: '', stderr: '' })
  t.deepEqual([home.record(home.runtime, sandbox.origin), home.record(home.data, sandbox.origin)], before)
})

test('a login that failed in the future, by a clock that was set back since, keeps nobody from logging in', async (t) => {
  const { home, sandbox } = await makeUser(t)
  mkdirSync(home.runtime, { mode: 0o700 })
  const note = { leftAt: Date.now() / 1000 + 3600, code: 'access_denied', pause: 600 }
  writeFileSync(`${home.recordPath(home.runtime, sandbox.origin)}.failed-login`, JSON.stringify(note), { mode: 0o600 })
  home.useBrowser('follow.ts')

  const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is(code, 0, stderr)
})

test('git credential reject by hand forgets the login as a whole', async (t) => {
  const { home, request } = await makeLoggedInUser(t)

  const outcome = await home.run('git', ['credential', 'reject'], { input: request })

  t.is(outcome.code, 0, outcome.stderr)
  t.deepEqual([home.files(home.runtime), home.files(home.data)], [[], []])
})

test('half an access token is replaced by a whole one', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const path = home.recordPath(home.runtime, sandbox.origin)
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, 1000))

  const { code, stderr } = await home.helper('get', request)

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
})

test('a directory in the access token’s place: a sentence, and the refresh token is not spent', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const path = home.recordPath(home.runtime, sandbox.origin)
  rmSync(path)
  mkdirSync(path)

  const { code, stdout, stderr } = await home.helper('get', request)

  t.is(code, 1)
  t.is(stdout, '')
  t.regex(stderr, /is a directory, and a file has to be written there\nhint: move it away\n$/)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

test('a login that cannot be read by its permissions: a sentence, no browser, nothing changed', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const path = home.recordPath(home.data, sandbox.origin)
  home.expire(sandbox.origin)
  chmodSync(path, 0o644)
  const before = readFileSync(path, 'utf8')

  const { code, stderr } = await home.helper('get', request)

  t.is(code, 1)
  t.regex(stderr, /can be read or changed by other users\nhint: /)
  t.is(readFileSync(path, 'utf8'), before)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

test('a damaged login is set aside, told, and asks for a new one', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const path = home.recordPath(home.data, sandbox.origin)
  home.expire(sandbox.origin)
  writeFileSync(path, readFileSync(path, 'utf8').slice(0, 1000))
  home.useBrowser('follow.ts')

  const { code, stderr } = await home.helper('get', request)

  t.is(code, 0, stderr)
  t.regex(stderr, /does not hold a whole login; it was set aside as /)
  t.true(existsSync(path))
  t.is(home.files(home.data).filter((name) => name.includes('.damaged-')).length, 1)
})

test('a file in the place of a directory: a sentence, no stack', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.useBrowser('follow.ts')
  mkdirSync(join(home.path, '.local'))
  writeFileSync(join(home.path, '.local/share'), '')

  const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is(code, 1)
  t.regex(stderr, /cannot be used: a file stands where a directory should be\nhint: /)
  t.deepEqual(home.openedUrls(), [])
})

test('a configuration that git cannot read: git’s own words, no stack', async (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  writeFileSync(join(home.path, '.gitconfig'), '[broken\n')

  const { code, stderr } = await home.helper('get', bitbucket)

  t.is(code, 1)
  t.regex(
    stderr,
    /^git-credential-bitbucket-oauth: git's configuration cannot be read: bad config line 1 in file [^\n]+\nhint: git config --list/,
  )
  t.notRegex(stderr, /^\s+at /m)
})

test('two hosts side by side do not know each other', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const other = await Sandbox.start(`http://localhost:${await freePort()}`)
  t.teardown(() => other.stop())
  home.configureFor(other)
  home.useBrowser('follow.ts')

  const theirs = parseAnswer((await home.helper('get', requestFor(other.origin))).stdout)
  const ours = parseAnswer((await home.helper('get', request)).stdout)

  t.truthy(theirs['password'])
  t.not(theirs['password'], ours['password'])
  t.is(await sandbox.oauth.scopesOf(theirs['password'] ?? ''), undefined)
  t.truthy(await other.oauth.scopesOf(theirs['password'] ?? ''))
  t.truthy(await sandbox.oauth.scopesOf(ours['password'] ?? ''))
})

test('Ctrl-C while a refresh is under way loses nothing', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.expire(sandbox.origin)
  sandbox.oauth.settings.delay = 1500
  const before = home.record(home.data, sandbox.origin)
  writeFileSync(join(home.path, 'request'), request)

  const running = home.run('sh', ['-c', 'echo $$ > ../pid; exec git-credential-bitbucket-oauth get < ../request'])
  await sandbox.oauth.tokenRequestBegins()
  process.kill(Number(readFileSync(join(home.path, 'pid'), 'utf8')), 'SIGINT')
  await running

  const after = home.record(home.data, sandbox.origin)
  t.not(after['refreshToken'], before['refreshToken'])
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
  sandbox.oauth.settings.delay = 0
  home.expire(sandbox.origin)
  const { code, stderr } = await home.helper('get', request)
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
})

test('Ctrl-C that ends a git of ours ends this program too, without a word', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.expire(sandbox.origin)
  const lock = `${home.recordPath(home.data, sandbox.origin)}.lock`
  const git = join(home.path, 'bin/git')
  const own = home.env['PATH']?.replace(join(home.path, 'bin:'), '') ?? ''
  const pressed = join(home.path, 'pressed')
  const press = `if [ -e '${lock}' ]; then : > '${pressed}'; kill -INT 0; fi`
  writeFileSync(git, `#!/bin/sh\n${press}\nPATH='${own}' exec git "$@"\n`, { mode: 0o700 })

  const { signal, stdout, stderr } = await startGet(t, home, request).ended

  t.true(existsSync(pressed), 'git is asked while the lock is held')
  t.deepEqual({ signal, stdout, stderr }, { signal: 'SIGINT', stdout: '', stderr: '' })
  t.false(existsSync(lock))
  rmSync(git)
  const { code, stderr: after } = await home.helper('get', request)
  t.deepEqual({ code, stderr: after }, { code: 0, stderr: '' })
})

test('a server that never answers is given up, and the time is told', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.expire(sandbox.origin)
  sandbox.oauth.settings.delay = 60_000

  const { code, stderr } = await home.helper('get', request)

  t.is(code, 1)
  t.regex(stderr, /cannot be reached \(no answer within 30 seconds\)\nhint: try again [^\n]+\n$/)
})

test('a token that is still valid is used where no other can be saved', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.expire(sandbox.origin, 200)
  rmSync(home.data, { recursive: true })
  writeFileSync(home.data, '')

  const { code, stdout, stderr } = await home.helper('get', request)

  t.is(code, 0, stderr)
  t.is(parseAnswer(stdout)['password'], String(home.record(home.runtime, sandbox.origin)['accessToken']))
  t.regex(stderr, /; the present token is used for the \d+ seconds it lasts\n$/)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

test('a token that is still valid is used where no login is kept and a setting is wrong', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.expire(sandbox.origin, 200)
  rmSync(home.recordPath(home.data, sandbox.origin))
  home.configure({ [`credential.${sandbox.origin}.oauthStore`]: 'nonsense' })

  const { code, stdout, stderr } = await home.helper('get', request)

  t.is(code, 0, stderr)
  t.is(parseAnswer(stdout)['password'], String(home.record(home.runtime, sandbox.origin)['accessToken']))
  t.regex(stderr, /oauthStore in git's configuration has to be [^;]+; the present token is used for the \d+ seconds/)
})

test('a refused refresh token opens no browser while the access token is valid', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  sandbox.oauth.storage.forget('RefreshToken')
  home.expire(sandbox.origin, 200)

  const { code, stderr } = await home.helper('get', request)

  t.is(code, 0)
  t.regex(stderr, /the saved login was refused by [^\n]+; the present token is used/)
  t.deepEqual(home.openedUrls(), [])
})

test('after a process was killed with the lock, twelve others make one refresh', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const lock = `${home.recordPath(home.data, sandbox.origin)}.lock`
  const { pid } = spawnSync('true')

  for (let round = 1; round <= 5; round++) {
    home.expire(sandbox.origin)
    mkdirSync(lock)
    writeOwner(lock, { ...newOwner(), pid })
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => home.helper('get', request)))

    t.deepEqual(
      outcomes.filter(({ code }) => code !== 0),
      [],
    )
    t.is(new Set(outcomes.map(({ stdout }) => stdout)).size, 1)
    t.is(sandbox.oauth.tokenRequests.length, round)
  }
  t.deepEqual(home.files(home.data), [`${encodeURIComponent(sandbox.origin)}.json`])
})

test('the lock of a killed process that another one replaces while it is being removed is the other one’s', async (t) => {
  needProgram('strace')
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const lock = `${home.recordPath(home.data, sandbox.origin)}.lock`
  home.expire(sandbox.origin)
  mkdirSync(lock)
  writeOwner(lock, { ...newOwner(), pid: spawnSync('true').pid })
  // Once the owner is gone it is empty, unless another one was faster: so says the system now. Node's rmSync tried a
  // directory before it looked into it, up to version 22.
  const when = Number.parseInt(process.versions.node, 10) < 24 ? 2 : 1
  const trouble = ['-e', 'trace=rmdir', '-P', lock, '-e', `inject=rmdir:error=ENOTEMPTY:when=${when}`]
  const traced = ['-o', join(home.path, 'calls'), ...trouble, 'git-credential-bitbucket-oauth', 'get']

  const { code, stderr } = await home.run('strace', traced, { input: request })

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const results = [...readFileSync(join(home.path, 'calls'), 'utf8').matchAll(/^rmdir\(.*\) += (.*)$/gm)].map(
    ([, result]) => result,
  )
  const ours = ['-1 ENOTEMPTY (Directory not empty) (INJECTED)', '0']
  t.deepEqual(results, when === 2 ? ['-1 ENOTEMPTY (Directory not empty)', ...ours] : ours)
  t.deepEqual(home.files(home.data), [`${encodeURIComponent(sandbox.origin)}.json`])
})

test('an absurd login time limit is bounded', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.configure({ [`credential.${sandbox.origin}.oauthLoginTimeout`]: '1e300' })
  home.expire(sandbox.origin)

  const { code, stderr } = await home.helper('get', request)

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
})

for (const [title, change] of [
  ['HOME is empty', { HOME: '', XDG_RUNTIME_DIR: '' }],
  ['XDG_DATA_HOME is relative', { XDG_DATA_HOME: 'data' }],
  ['XDG_CACHE_HOME is relative', { XDG_CACHE_HOME: 'cache', XDG_RUNTIME_DIR: '' }],
] as const) {
  test(`nothing is kept in the repository where ${title}`, async (t) => {
    const { home } = await makeUser(t)
    home.configure({
      'credential.https://bitbucket.org.oauthClientId': 'key',
      'credential.https://bitbucket.org.oauthClientSecret': 'secret',
    })
    home.env['GIT_CONFIG_GLOBAL'] = join(home.path, '.gitconfig')
    Object.assign(home.env, change)

    const { code, stdout, stderr } = await home.helper('get', bitbucket)

    t.is(code, 1)
    t.is(stdout, '')
    t.regex(stderr, /is not an absolute path, so tokens have no place\nhint: /)
    t.deepEqual(home.files(join(home.path, 'work')), [])
  })
}

const NAME = 'git-credential-bitbucket-oauth'
for (const [title, command, code, complaint] of [
  [
    'an answer that cannot be written',
    `${NAME} get < ../request > /dev/full`,
    1,
    /^[^\n]+the answer cannot be written \(ENOSPC\)\n$/,
  ],
  ['words that cannot be written', `${NAME} get < ../request 2> /dev/full`, 0, /^$/],
  [
    'an input that cannot be read',
    `${NAME} get 0> ../other`,
    1,
    /^[^\n]+the standard input cannot be read \(EBADF\)\n$/,
  ],
  ['help that nobody reads', `( sleep 1; ${NAME} --help; echo $? > ../code ) | exec true`, 0, /^$/],
  ['help that cannot be written', `${NAME} --help > /dev/full`, 1, /^[^\n]+the answer cannot be written \(ENOSPC\)\n$/],
  [
    'a directory that is gone',
    `mkdir gone && cd gone && rmdir ../gone && ${NAME} --version`,
    1,
    /does not exist any more\n$/,
  ],
] as const) {
  test(`${title}: no stack`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    await sandbox.stop()
    // Renewing fails, which has to be told on stderr; the token is still answered.
    home.expire(sandbox.origin, 200)
    writeFileSync(join(home.path, 'request'), request)

    const outcome = await home.run('sh', ['-c', command])

    t.is(outcome.code, code)
    t.notRegex(outcome.stderr, /^\s+at /m)
    t.regex(outcome.stderr.replace(/^[^\n]*the present token is used[^\n]*\n/, ''), complaint)
  })
}

for (const words of ['-verbose', '--debug=hunter2', '-v --cache 3600', 'verbose']) {
  test(`what else stands in credential.helper (${words}) keeps git from nothing`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    home.configure({ 'credential.helper': '' })
    home.configure({ 'credential.helper': `bitbucket-oauth ${words}` })

    const filled = await home.run('git', ['credential', 'fill'], { input: `${request}\n` })
    const approved = await home.run('git', ['credential', 'approve'], { input: filled.stdout })

    const { accessToken } = home.record(home.runtime, sandbox.origin)
    t.like(parseAnswer(filled.stdout), { username: 'x-token-auth', password: String(accessToken) })
    const [first = ''] = words.split(/[ =]/)
    t.is(
      filled.stderr,
      `git-credential-bitbucket-oauth: ${first} in credential.helper is no option of this program, and does nothing\n`,
    )
    t.deepEqual(approved, { code: 0, stdout: '', stderr: '' })
  })
}
