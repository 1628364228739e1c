import test, { type ExecutionContext } from 'ava'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { helperAt } from '../helpers/clock.ts'
import type { Home } from '../helpers/home.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { startGet, WAITING } from '../helpers/running.ts'
import { makeUser, parseAnswer, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

type User = { readonly home: Home; readonly sandbox: Sandbox; readonly request: string; readonly daemon: KeyringDaemon }

/** A user with a keyring, after a first login into it. */
async function makeKeyringUser(t: ExecutionContext, store: 'auto' | 'keyring' = 'auto'): Promise<User> {
  const daemon = await KeyringDaemon.start(t)
  const { home, sandbox } = await makeUser(t)
  const request = requestFor(sandbox.origin)
  Object.assign(home.env, daemon.env)
  home.configure({ [`credential.${sandbox.origin}.oauthStore`]: store })
  home.useBrowser('follow.ts')
  const { code, stderr } = await home.helper('get', request)
  t.is(code, 0, stderr)
  t.notRegex(stderr, /file/)
  sandbox.oauth.tokenRequests.length = 0
  home.forbidBrowser()
  return { home, sandbox, request, daemon }
}

/** A session bus that takes connections and never answers. */
async function useSilentBus(t: ExecutionContext, home: Home): Promise<Server> {
  const silent = createServer().listen(join(home.path, 'silent'))
  await once(silent, 'listening')
  t.teardown(() => silent.close())
  home.env['DBUS_SESSION_BUS_ADDRESS'] = `unix:path=${join(home.path, 'silent')}`
  return silent
}

test.serial('the login is in the keyring, the access token in its file, and nothing else is secret', async (t) => {
  const { home, sandbox, request } = await makeKeyringUser(t)

  home.expire(sandbox.origin)
  const { code, stdout, stderr } = await home.helper('get', request)

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
  t.deepEqual(home.record(home.data, sandbox.origin), {
    version: 1,
    protocol: 'http',
    host: new URL(sandbox.origin).host,
    store: 'keyring',
  })
  const password = parseAnswer(stdout)['password'] ?? ''
  t.deepEqual(home.findFiles(password), [home.recordPath(home.runtime, sandbox.origin)])
  t.deepEqual(home.findFiles('refreshToken'), [])
})

test.serial('the client secret may leave git’s configuration once the keyring has it', async (t) => {
  const { home, sandbox, request } = await makeKeyringUser(t)
  await home.git('config', '--global', '--unset', `credential.${sandbox.origin}.oauthClientSecret`)
  t.deepEqual(home.findFiles(sandbox.oauth.consumer.secret), [])
  home.expire(sandbox.origin)

  const { code, stderr } = await home.helper('get', request)

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
})

test.serial(
  'with oauthStore=keyring the disk holds no token, and the keyring answers until the token ends',
  async (t) => {
    const { home, sandbox, request } = await makeKeyringUser(t, 'keyring')

    const first = parseAnswer((await home.helper('get', request)).stdout)
    const second = parseAnswer((await home.helper('get', request)).stdout)

    t.truthy(await sandbox.oauth.scopesOf(first['password'] ?? ''))
    t.deepEqual(first, second)
    t.deepEqual(sandbox.oauth.tokenRequests, [])
    t.deepEqual(home.findFiles(first['password'] ?? ''), [])
    t.deepEqual(home.findFiles('refreshToken'), [])
  },
)

test.serial('with oauthStore=keyring erase forgets the token that git rejected, and no other', async (t) => {
  const { home, sandbox, request } = await makeKeyringUser(t, 'keyring')
  const { password = '' } = parseAnswer((await home.helper('get', request)).stdout)

  await home.helper('erase', `${request}password=another one\n`)
  t.is(parseAnswer((await home.helper('get', request)).stdout)['password'], password)
  await home.helper('erase', `${request}password=${password}\n`)
  const { password: next } = parseAnswer((await home.helper('get', request)).stdout)

  t.truthy(next)
  t.not(next, password)
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
})

test.serial('twelve processes at once make one refresh, also where the keyring has all', async (t) => {
  const { home, sandbox, request } = await makeKeyringUser(t, 'keyring')
  const { password = '' } = parseAnswer((await home.helper('get', request)).stdout)
  await home.helper('erase', `${request}password=${password}\n`)

  const outcomes = await Promise.all(Array.from({ length: 12 }, () => home.helper('get', request)))

  t.is(new Set(outcomes.map(({ stdout }) => stdout)).size, 1)
  for (const { code, stderr } of outcomes) {
    t.is(code, 0, stderr)
    // A machine that is busy otherwise may need longer than the helper stays silent.
    if (stderr !== '') t.regex(stderr, WAITING)
  }
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
})

for (const [title, trouble, complaint] of [
  [
    'is locked',
    (daemon: KeyringDaemon) => daemon.lock(),
    /: the system's keyring cannot be used \([^\n]+\)\nhint: unlock/,
  ],
  [
    'is gone',
    (daemon: KeyringDaemon) => daemon.kill(),
    /: the system's keyring does not answer \([^\n]+\)\nhint: unlock/,
  ],
] as const) {
  test.serial(
    `while the keyring ${title}: one sentence, no browser, nothing spent; and afterwards all is as it was`,
    async (t) => {
      const { home, sandbox, request, daemon } = await makeKeyringUser(t)
      home.expire(sandbox.origin)
      await trouble(daemon)

      const failed = await home.helper('get', request)
      await daemon.kill()
      await daemon.startDaemon()
      const worked = await home.helper('get', request)

      t.is(failed.code, 1)
      t.is(failed.stdout, '')
      t.regex(failed.stderr, complaint)
      t.deepEqual({ code: worked.code, stderr: worked.stderr }, { code: 0, stderr: '' })
      t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
      t.is(home.openedUrls().length, 1, 'only the first login')
    },
  )
}

test.serial('a session bus that never answers is given up after ten seconds where nobody sits', async (t) => {
  const { home, sandbox, request } = await makeKeyringUser(t)
  home.expire(sandbox.origin)
  await useSilentBus(t, home)

  const { code, stdout, stderr } = await home.helper('get', request)

  t.is(code, 1)
  t.is(stdout, '')
  t.regex(stderr, /: the system's keyring cannot be used \(no answer within 10 seconds\)\nhint: /)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
  t.is(home.openedUrls().length, 1, 'only the first login')
})

test.serial(
  'a keyring that goes down between the request and the save: the login is in a file, and the user knows',
  async (t) => {
    const { home, sandbox, request, daemon } = await makeKeyringUser(t)
    home.expire(sandbox.origin)
    sandbox.oauth.settings.delay = 1500

    const running = home.helper('get', request)
    await sandbox.oauth.tokenRequestBegins()
    await daemon.kill()
    const { code, stderr } = await running

    t.is(code, 0)
    t.regex(
      stderr,
      /^[^\n]+the system's keyring [^\n]+; the new login is kept in a file that only you can read: [^\n]+\n$/,
    )
    sandbox.oauth.settings.delay = 0
    await daemon.startDaemon()
    home.expire(sandbox.origin)
    t.like(await home.helper('get', request), { code: 0, stderr: '' })
    t.is(sandbox.oauth.tokenRequests.filter(({ status }) => status === 200).length, 2)
    t.like(home.record(home.data, sandbox.origin), { store: 'keyring' })
    t.deepEqual(home.findFiles('refreshToken'), [])
  },
)

test.serial('Ctrl-C while a refresh is under way, which the keyring’s process gets too, loses nothing', async (t) => {
  const { home, sandbox, request } = await makeKeyringUser(t, 'keyring')
  const { password = '' } = parseAnswer((await home.helper('get', request)).stdout)
  await home.helper('erase', `${request}password=${password}\n`)
  sandbox.oauth.settings.delay = 1500

  const { child, ended } = startGet(t, home, request)
  await sandbox.oauth.tokenRequestBegins()
  process.kill(-(child.pid ?? Number.NaN), 'SIGINT')
  const stopped = await ended

  t.is(stopped.stderr, '')
  sandbox.oauth.settings.delay = 0
  const next = parseAnswer((await home.helper('get', request)).stdout)
  t.truthy(await sandbox.oauth.scopesOf(next['password'] ?? ''))
  await home.helper('erase', `${request}password=${next['password']}\n`)
  t.like(await home.helper('get', request), { code: 0, stderr: '' })
  t.true(sandbox.oauth.tokenRequests.every(({ status }) => status === 200))
  t.deepEqual(home.findFiles('refreshToken'), [])
})

test.serial('Ctrl-C while a session bus never answers leaves no process behind', async (t) => {
  const { home, sandbox, request } = await makeKeyringUser(t)
  home.expire(sandbox.origin)
  const silent = await useSilentBus(t, home)

  const { child, ended } = startGet(t, home, request)
  const [connection] = (await once(silent, 'connection')) as [Socket]
  const isClosed = once(connection, 'close')
  connection.resume()
  process.kill(-(child.pid ?? Number.NaN), 'SIGINT')

  t.is((await ended).signal, 'SIGINT')
  await isClosed
  t.pass('the keyring’s process is gone, and its connection with it')
})

test.serial('the way out of a keyring that is gone for good: a login by hand, or git credential reject', async (t) => {
  const { home, sandbox, request, daemon } = await makeKeyringUser(t)
  await daemon.kill()
  home.expire(sandbox.origin)
  home.configure({ [`credential.${sandbox.origin}.oauthStore`]: 'file' })
  home.useBrowser('follow.ts')

  const stuck = await home.helper('get', request)
  const login = await home.run('git-credential-bitbucket-oauth', ['login', sandbox.origin])
  const answer = await home.helper('get', request)

  t.is(stuck.code, 1)
  t.regex(
    stuck.stderr,
    /hint: to keep the login in a file instead: git config --global credential\.https:\/\/bitbucket\.org\.oauthStore file\nhint: then log in once more: git credential-bitbucket-oauth login\n/,
  )
  t.is(login.code, 0, login.stderr)
  t.like(answer, { code: 0, stderr: '' })
  t.truthy(home.record(home.data, sandbox.origin)['refreshToken'])

  const other = await makeKeyringUser(t)
  await other.daemon.kill()
  const reject = await other.home.run('git', ['credential', 'reject'], { input: other.request })
  t.is(reject.code, 0)
  t.regex(reject.stderr, /does not answer \([^\n]+\); what it holds for 127\.0\.0\.1:\d+ stays there\n$/)
  t.deepEqual([other.home.files(other.home.data), other.home.files(other.home.runtime)], [[], []])
})

test.serial('git credential reject empties the keyring too', async (t) => {
  const { home, sandbox, request } = await makeKeyringUser(t)

  const { code, stderr } = await home.run('git', ['credential', 'reject'], { input: request })

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.deepEqual([home.files(home.data), home.files(home.runtime)], [[], []])
  home.env['GIT_TERMINAL_PROMPT'] = '0'
  const next = await home.helper('get', request)
  t.regex(next.stderr, /: no login for [^\n]+ is saved; no browser was opened/)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

test.serial('status says that the login is in the keyring, without asking it', async (t) => {
  const { home, sandbox, daemon } = await makeKeyringUser(t)
  await daemon.kill()
  home.expire(sandbox.origin, 7199)

  const { code, stdout } = await home.run('git-credential-bitbucket-oauth', ['status'])

  t.is(code, 0)
  t.true(
    stdout.startsWith(
      `${new URL(sandbox.origin).host}\n  login         in the system's keyring\n  access token  good for 119 minutes\n`,
    ),
    stdout,
  )
})

test.serial('a machine without a keyring is told at login where the login is, and never again', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.useBrowser('follow.ts')
  const request = requestFor(sandbox.origin)

  const login = await home.helper('get', request)
  home.expire(sandbox.origin)
  const refresh = await home.helper('get', request)

  t.true(
    login.stderr.includes(
      `no keyring answers here, so the login is kept in a file that only you can read: ${home.data}`,
    ),
  )
  t.is(refresh.stderr, '')
})

test('keyring: after a logout, which takes the runtime directory, a refused token is still found and forgotten', async (t) => {
  const { home, sandbox, request } = await makeKeyringUser(t, 'keyring')
  rmSync(home.runtime, { recursive: true })
  const answered = await home.helper('get', request)
  const password = parseAnswer(answered.stdout)['password'] ?? ''
  t.deepEqual(sandbox.oauth.tokenRequests, [])

  // A minute later: one that is refused at once is another matter.
  const erase = `${request}username=x-token-auth\npassword=${password}\n`
  t.deepEqual(await helperAt(home, '+1m', 'erase', erase), { code: 0, stdout: '', stderr: '' })

  const { code, stdout, stderr } = await home.helper('get', request)
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.not(parseAnswer(stdout)['password'], password)
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
})
