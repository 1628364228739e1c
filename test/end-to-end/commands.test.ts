import test from 'ava'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writePrivateFile } from '../../src/base/privateFile.ts'
import { secretsPath } from '../../src/tokens/clientSecret.ts'
import { formatRecord } from '../../src/tokens/record.ts'
import type { Home } from '../helpers/home.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { snapshot } from '../helpers/snapshot.ts'
import { makeLoggedInUser, makeUser } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const PROGRAM = 'git-credential-bitbucket-oauth'
/** As setup keeps a consumer's secret where no keyring answers. */
function keepSecret(home: Home, { origin, oauth: { consumer } }: Sandbox): string {
  const account = { protocol: 'http', host: new URL(origin).host }
  const path = secretsPath({ data: home.data }, account)
  writePrivateFile(path, formatRecord(account, { secrets: { [consumer.key]: consumer.secret } }))
  return path
}

const REVOKE = 'https://bitbucket.org/account/settings/app-authorizations/'

test('token prints the cached token and nothing else, and asks nobody', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  const { accessToken, expiresAt } = home.record(home.runtime, sandbox.origin)

  const plain = await home.run(PROGRAM, ['token', sandbox.origin])
  const expiry = await home.run(PROGRAM, ['token', sandbox.origin, '--expiry', '--no-refresh'])

  t.deepEqual(plain, { code: 0, stdout: `${String(accessToken)}\n`, stderr: '' })
  t.deepEqual(expiry, { code: 0, stdout: `${String(accessToken)}\n${String(expiresAt)}\n`, stderr: '' })
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

test('token refreshes one that has ended, and --no-refresh does not', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  const { accessToken } = home.record(home.runtime, sandbox.origin)
  home.expire(sandbox.origin)

  const refused = await home.run(PROGRAM, ['token', sandbox.origin, '--no-refresh'])
  const requestsBefore = sandbox.oauth.tokenRequests.length
  const refreshed = await home.run(PROGRAM, ['token', sandbox.origin])

  t.is(refused.code, 4)
  t.is(refused.stdout, '')
  t.is(requestsBefore, 0)
  t.is(refreshed.code, 0)
  t.not(refreshed.stdout.trim(), accessToken)
  t.true((await sandbox.oauth.scopesOf(refreshed.stdout.trim()))?.has('repository'))
})

test('token --no-refresh prints the one in the keyring, and asks the network nothing', async (t) => {
  const daemon = await KeyringDaemon.start(t)
  const { home, sandbox } = await makeUser(t)
  Object.assign(home.env, daemon.env)
  home.configure({ [`credential.${sandbox.origin}.oauthStore`]: 'keyring' })
  home.useBrowser('follow.ts')
  t.is((await home.run(PROGRAM, ['login', sandbox.origin])).code, 0)
  const asked = sandbox.oauth.tokenRequests.length

  const kept = await home.run(PROGRAM, ['token', sandbox.origin, '--no-refresh'])
  await sandbox.stop()
  const offline = await home.run(PROGRAM, ['token', sandbox.origin, '--no-refresh'])
  const obtained = await home.run(PROGRAM, ['token', sandbox.origin])

  t.like(kept, { code: 0, stderr: '' })
  t.deepEqual(offline, kept)
  t.deepEqual(obtained, kept)
  t.is(sandbox.oauth.tokenRequests.length, asked)
})

test('token --no-refresh without a login does not speak of renewing', async (t) => {
  const { home, sandbox } = await makeUser(t)

  const { code, stderr } = await home.run(PROGRAM, ['token', sandbox.origin, '--no-refresh'])

  t.is(code, 4)
  t.regex(stderr, /^[^\n]+ is cached\nhint: to log in: [^\n]+\n$/)
})

test('refresh with a wrong secret speaks of the consumer, and of no login, which would be refused as well', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  const key = `credential.${sandbox.origin}.oauthClientSecret`
  await home.git('config', '--global', key, 'wrong')

  const { code, stdout, stderr } = await home.run(PROGRAM, ['refresh', sandbox.origin])

  t.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  t.regex(stderr, /^[^\n]+ the saved login was refused by [^\n]+\(unauthorized_client\)\nhint: check [^\n]+\n$/)
})

for (const [args, complaint] of [
  [['setup', 'acme', 'KEY', 'not-for-others'], 'too many arguments'],
  [['setup', 'acme', '-not-for-others'], 'too many arguments'],
  [['setup', 'acme', 'KEY', '--', '--not-for-others'], 'too many arguments'],
  [['setup', 'acme', '--secret', 'not-for-others'], 'there is no option --secret'],
  [['setup', 'acme', '--secret=not-for-others', '--clef', 'KEY'], 'there is no option --secret, --clef'],
] as const) {
  test(`a secret in a wrong place is not repeated: ${args.join(' ')}`, async (t) => {
    const { home } = await makeUser(t)

    const outcome = await home.run(PROGRAM, args)

    const message = `${PROGRAM}: ${complaint}\nhint: git credential-bitbucket-oauth setup -h\n`
    t.deepEqual(outcome, { code: 2, stdout: '', stderr: message })
  })
}

test('token where nobody can be asked: no browser, exit code 4, and what to type', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.env['CI'] = 'true'

  const { code, stdout, stderr } = await home.run(PROGRAM, ['token', sandbox.origin])

  t.is(code, 4)
  t.is(stdout, '')
  t.regex(stderr, /no browser was opened, because CI is set\nhint: [^\n]+ login http:/)
  t.deepEqual(home.openedUrls(), [])
})

test('refresh renews a token that is still good, and git is given the new one', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const before = home.record(home.runtime, sandbox.origin)

  const { code, stdout, stderr } = await home.run(PROGRAM, ['refresh', sandbox.origin])

  const after = home.record(home.runtime, sandbox.origin)
  t.is(code, 0)
  t.regex(stdout, /^the access token for 127\.0\.0\.1:\d+ is good for 1\d\d minutes\n$/)
  t.is(stderr, '')
  t.not(after['accessToken'], before['accessToken'])
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
  t.true((await home.helper('get', request)).stdout.includes(`password=${String(after['accessToken'])}\n`))
})

for (const [title, arrange] of [
  ['the network is down', async ({ sandbox }) => sandbox.stop()],
  [
    'the refresh token is refused',
    async ({ sandbox }) => {
      const body = JSON.stringify({ error: 'invalid_grant', error_description: 'The specified code is not valid.' })
      sandbox.oauth.settings.fault = { status: 400, type: 'application/json', body }
    },
  ],
] as const satisfies readonly (readonly [string, (user: Awaited<ReturnType<typeof makeUser>>) => Promise<void>])[]) {
  test(`refresh when ${title}: the present token stays, and no browser opens`, async (t) => {
    const { home, sandbox } = await makeLoggedInUser(t)
    const before = snapshot(home.runtime)
    const opened = home.openedUrls().length
    await arrange({ home, sandbox })

    const { code, stdout, stderr } = await home.run(PROGRAM, ['refresh', sandbox.origin])

    t.true(code === 1 || code === 4)
    t.is(stdout, '')
    t.regex(stderr, /\nhint: /)
    t.deepEqual(snapshot(home.runtime), before)
    t.is(home.openedUrls().length, opened)
  })
}

test('logout forgets what is kept, and the server ends both tokens', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const token = String(home.record(home.runtime, sandbox.origin)['accessToken'])

  const { code, stdout, stderr } = await home.run(PROGRAM, ['logout', sandbox.origin])

  const { host } = new URL(sandbox.origin)
  t.deepEqual(
    { code, stdout, stderr },
    {
      code: 0,
      stdout: `logged out of ${host}: no token is kept here any more\n${host} confirmed that it has revoked the tokens\n`,
      stderr: '',
    },
  )
  t.is(await sandbox.oauth.scopesOf(token), undefined)
  t.is(sandbox.oauth.revocations[0]?.token, 'refresh_token')
  t.deepEqual([...home.files(home.data), ...home.files(home.runtime)], [])
  home.env['CI'] = '1'
  t.is((await home.helper('get', request)).stdout, '')
})

test('logout says so where the server does not revoke, and forgets all the same', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  sandbox.oauth.settings.revocation = 'absent'

  const { code, stdout } = await home.run(PROGRAM, ['logout', sandbox.origin])

  t.is(code, 0)
  t.regex(
    stdout,
    /\nit is not known whether 127\.0\.0\.1:\d+ has revoked the login: [^\n]+ did not confirm it \(HTTP 404\)\n$/,
  )
  t.deepEqual([...home.files(home.data), ...home.files(home.runtime)], [])
})

test('logout of Bitbucket names the page where the access can be taken back', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.configureFor(sandbox, 'https://bitbucket.org')
  home.useBrowser('follow.ts')
  t.is((await home.run(PROGRAM, ['login'])).code, 0)
  await sandbox.stop()

  const { code, stdout } = await home.run(PROGRAM, ['logout'])

  t.is(code, 0)
  t.true(stdout.endsWith(`${REVOKE}\n`), stdout)
})

test('logout with a username leaves the others, and without one forgets all of the host', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  home.useBrowser('follow.ts')
  t.is((await home.run(PROGRAM, ['login', sandbox.origin, '--username', 'alice'])).code, 0)

  const hers = await home.run(PROGRAM, ['logout', sandbox.origin, '--username', 'alice'])
  const left = home.files(home.data)
  t.is((await home.run(PROGRAM, ['login', sandbox.origin, '--username', 'alice'])).code, 0)
  const all = await home.run(PROGRAM, ['logout', sandbox.origin])

  t.regex(hers.stdout, /^logged out of alice@127/)
  t.is(left.length, 1)
  t.is(all.stdout.match(/logged out of/g)?.length, 2)
  t.deepEqual(home.files(home.data), [])
})

for (const [title, args] of [
  ['a username', (origin: string) => [origin, '--username', 'bob']],
  ['a username in the URL', (origin: string) => [origin.replace('://', '://alise@')]],
] as const) {
  test(`logout with ${title} that has no login forgets nobody else's, and says whose are kept`, async (t) => {
    const { home, sandbox } = await makeLoggedInUser(t)
    const before = [snapshot(home.data), snapshot(home.runtime)]

    const { code, stdout, stderr } = await home.run(PROGRAM, ['logout', ...args(sandbox.origin)])

    t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    t.regex(stdout, /^no login to (bob|alise)@127\.0\.0\.1:\d+ is kept; there are logins to: 127\.0\.0\.1:\d+\n$/)
    t.deepEqual([snapshot(home.data), snapshot(home.runtime)], before)
    t.deepEqual(sandbox.oauth.revocations, [])
  })
}

for (const command of ['logout', 'login', 'token', 'refresh']) {
  test(`${command} with an empty username is a wrong usage, and does nothing`, async (t) => {
    const { home, sandbox } = await makeLoggedInUser(t)
    const before = [snapshot(home.data), snapshot(home.runtime)]

    for (const username of [['--username', ''], ['--username=']]) {
      const outcome = await home.run(PROGRAM, [command, sandbox.origin, ...username])

      t.like(outcome, { code: 2, stdout: '' })
      t.regex(outcome.stderr, /\nhint: /)
    }
    t.deepEqual([snapshot(home.data), snapshot(home.runtime)], before)
    t.deepEqual([...sandbox.oauth.revocations, ...sandbox.oauth.tokenRequests], [])
  })
}

for (const command of ['logout', 'login']) {
  test(`${command} takes the username that git is answered for nobody's`, async (t) => {
    const { home, sandbox } = await makeLoggedInUser(t)
    const before = [snapshot(home.data), snapshot(home.runtime)]

    for (const args of [
      [sandbox.origin, '--username', 'x-token-auth'],
      [sandbox.origin.replace('://', '://x-token-auth@')],
    ]) {
      const { code, stdout, stderr } = await home.run(PROGRAM, [command, ...args])

      t.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      t.regex(stderr, /: x-token-auth is not the name of a user: [^\n]*\nhint: /)
    }
    t.deepEqual([snapshot(home.data), snapshot(home.runtime)], before)
    t.deepEqual(sandbox.oauth.revocations, [])
  })
}

test("logout says that the consumer's secret stays in a file, and with --consumer forgets it too", async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  await home.git('config', '--global', '--unset', `credential.${sandbox.origin}.oauthClientSecret`)
  const path = keepSecret(home, sandbox)

  const kept = await home.run(PROGRAM, ['logout', sandbox.origin])
  const isStillThere = existsSync(path)
  const forgotten = await home.run(PROGRAM, ['logout', '--consumer', sandbox.origin])
  const again = await home.run(PROGRAM, ['logout', '--consumer', sandbox.origin])

  const command = `git credential-bitbucket-oauth logout --consumer ${sandbox.origin}`
  t.true(
    kept.stdout.endsWith(`\nthe consumer's secret stays in a file; to forget it as well: ${command}\n`),
    kept.stdout,
  )
  t.true(isStillThere)
  t.like(forgotten, { code: 0, stderr: '' })
  t.regex(forgotten.stdout, /^no login to [^\n]+ is kept\nthe consumer's secret is forgotten too\n$/)
  t.regex(again.stdout, /\nno secret of a consumer is kept\n$/)
  t.deepEqual(home.files(home.data), [])
})

test('logout --consumer of one account leaves a secret that another one needs', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  home.useBrowser('follow.ts')
  t.is((await home.run(PROGRAM, ['login', sandbox.origin, '--username', 'alice'])).code, 0)
  const path = keepSecret(home, sandbox)

  const hers = await home.run(PROGRAM, ['logout', '--consumer', '--username', 'alice', sandbox.origin])
  const isStillThere = existsSync(path)
  const all = await home.run(PROGRAM, ['logout', '--consumer', sandbox.origin])

  t.regex(hers.stdout, /\nthe consumer's secret stays: the login to 127\.0\.0\.1:\d+ needs it\n$/)
  t.true(isStillThere)
  t.regex(all.stdout, /has revoked the tokens\nthe consumer's secret is forgotten too\n$/)
  t.regex(all.stderr, /^[^\n]+: git's configuration has the consumer's secret: git config --show-origin [^\n]+\n$/)
  t.deepEqual(home.files(home.data), [])
})

test("logout --consumer takes the consumer's secret out of the keyring", async (t) => {
  const daemon = await KeyringDaemon.start(t)
  const { home, sandbox } = await makeUser(t)
  Object.assign(home.env, daemon.env)
  home.useBrowser('follow.ts')
  t.is((await home.run(PROGRAM, ['login', sandbox.origin])).code, 0)
  await home.git('config', '--global', '--unset', `credential.${sandbox.origin}.oauthClientSecret`)
  t.is((await home.run(PROGRAM, ['refresh', sandbox.origin])).code, 0)

  const { code, stdout, stderr } = await home.run(PROGRAM, ['logout', '--consumer', sandbox.origin])
  const login = await home.run(PROGRAM, ['login', sandbox.origin])

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.regex(stdout, /has revoked the tokens\nthe consumer's secret is forgotten too\n$/)
  t.is(login.code, 3)
  t.regex(login.stderr, /the OAuth consumer has no secret configured/)
})

test('logout finds the login in the keyring', async (t) => {
  const daemon = await KeyringDaemon.start(t)
  const { home, sandbox } = await makeUser(t)
  Object.assign(home.env, daemon.env)
  home.useBrowser('follow.ts')
  t.is((await home.run(PROGRAM, ['login', sandbox.origin])).code, 0)

  const { code, stdout } = await home.run(PROGRAM, ['logout', sandbox.origin])

  t.is(code, 0)
  t.regex(stdout, /confirmed that it has revoked the tokens\n$/)
  t.is(sandbox.oauth.revocations[0]?.token, 'refresh_token')
  t.deepEqual([...home.files(home.data), ...home.files(home.runtime)], [])
})

test('a login that Ctrl-C ends leaves 130 to the shell, and nothing behind', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.useAbsentUser()
  const script = `set -m; ${PROGRAM} login ${sandbox.origin} & while [ ! -e ../closed ] && kill -0 $!; do sleep 0.05; done; kill -INT -$!; wait $!; echo $?`

  const { stdout } = await home.run('bash', ['-c', script])

  t.is(stdout.trim(), '130')
  t.deepEqual([...home.files(home.data), ...home.files(home.runtime)], [])
})

for (const [typed, suggestion] of [
  ['statsu', 'status'],
  ['confgure', 'configure'],
  ['logn', 'login'],
] as const) {
  test(`${typed}, on a terminal, brings up ${suggestion}`, async (t) => {
    const { home } = await makeUser(t)

    const { code, stdout } = await home.run('script', ['-qec', `${PROGRAM} ${typed}`, '/dev/null'], { input: '' })

    t.is(code, 2)
    t.regex(stdout, new RegExp(`: there is no command ${typed}; did you mean ${suggestion}\\?`))
    t.regex(stdout, /\nhint: git credential-bitbucket-oauth -h\r\n$/)
  })
}

test('a trace tells of each decision, by stderr or in a file, and of no secret', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const path = join(home.path, 'trace')
  home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_TRACE'] = path

  const cached = await home.helper('get', request)
  home.expire(sandbox.origin)
  const refreshed = await home.helper('get', request)
  await home.helper('store', `${request}${refreshed.stdout}`)
  await home.helper('erase', `${request}${refreshed.stdout}`)
  await home.git('config', '--global', '--unset', `credential.${sandbox.origin}.oauthClientSecret`)
  keepSecret(home, sandbox)
  const kept = await home.run(PROGRAM, ['refresh', sandbox.origin])
  home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_TRACE'] = '1'
  home.useBrowser('follow.ts')
  const login = await home.run(PROGRAM, ['login', sandbox.origin])
  const foreign = await home.helper('get', 'protocol=https\nhost=github.com\n')

  t.is(cached.stderr + refreshed.stderr + kept.stderr, '')
  const trace = readFileSync(path, 'utf8')
  t.is(statSync(path).mode & 0o777, 0o600)
  for (const line of trace.trim().split('\n')) {
    t.regex(line, /^\d\d:\d\d:\d\d\.\d{3} \d+ git-credential-bitbucket-oauth: \S/)
  }
  for (const event of [
    /get for http:\/\/127\.0\.0\.1:\d+; git can take/,
    /answered from the cache: token [\w-]{36}, good for 1\d\d minutes/,
    /token [\w-]{36} is not fresh any more/,
    /this process has the lock of http:\/\/127\.0\.0\.1:\d+/,
    /secret from the configuration, oauthStore auto, 0 helpers before and 0 after/,
    /: secret kept with the logins, oauthStore auto,/,
    /refreshing with the login in a file/,
    /POST http:\/\/127\.0\.0\.1:\d+\/site\/oauth2\/access_token: 200, \d+ ms/,
    /token [\w-]{36} is saved, after its refresh token/,
    /store: no helper before this one has to forget it/,
    /erase: a token of http:/,
  ])
    t.regex(trace, event)
  t.regex(login.stderr, /listening at http:\/\/localhost:\d+\n/)
  t.regex(login.stderr, /the browser came back with a code\n/)
  t.regex(foreign.stderr, /not a host of ours: silence\n$/)
  // That no secret is in it, the end of each test looks after: in all that was printed, and in all files.
})
