import test, { type ExecutionContext } from 'ava'
import { existsSync } from 'node:fs'
import { helperAt } from '../helpers/clock.ts'
import type { Home } from '../helpers/home.ts'
import { makeLoggedInUser, makeUser, parseAnswer, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const REFRESHED = { grantType: 'refresh_token', status: 200 }
const SECONDS = { m: 60, h: 3600, d: 86_400, y: 365 * 86_400 } as const

type User = { readonly home: Home; readonly sandbox: Sandbox; readonly request: string }

/** What a wrong clock shows, in seconds since 1970. */
function now(shift: string): number {
  const [, amount = 0, unit = 'h'] = /^([-+]\d+)([mhdy])$/.exec(shift) ?? []
  return Date.now() / 1000 + Number(amount) * SECONDS[unit as keyof typeof SECONDS]
}

/**
 * Asks three times by a clock: each answer is good, for the server and for whoever reads that clock.
 *
 * @returns how many requests it took
 */
async function askThrice(t: ExecutionContext, { home, sandbox, request }: User, shift: string): Promise<number> {
  const before = sandbox.oauth.tokenRequests.length
  for (let ask = 1; ask <= 3; ask++) {
    const { code, stdout, stderr } = await helperAt(home, shift, 'get', request)
    const { password = '', password_expiry_utc: expiry } = parseAnswer(stdout)
    t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    t.truthy(await sandbox.oauth.scopesOf(password), 'the server takes it')
    t.true(Number(expiry) > now(shift), 'git takes it')
  }
  return sandbox.oauth.tokenRequests.length - before
}

for (const [shift, away, back] of [
  // One hour of two is left.
  ['+1h', 0, 0],
  // It seems to be obtained in the future. What comes instead lasts for two hours by either clock.
  ['-1h', 1, 0],
  ['+1y', 1, 1],
  ['-1y', 1, 1],
] as const) {
  test.serial(`a clock that moves by ${shift} after the login, and back, costs at most one refresh each`, async (t) => {
    const user = await makeLoggedInUser(t)

    t.is(await askThrice(t, user, shift), away)
    t.is(await askThrice(t, user, ''), back)

    t.true(user.sandbox.oauth.tokenRequests.every(({ status }) => status === 200))
    t.deepEqual(user.home.openedUrls(), [])
  })
}

for (const shift of ['+1h', '-1h', '+1d', '+1y', '-1y']) {
  test.serial(
    `a clock that is always wrong by ${shift} does no harm: one login, one refresh, and then the cache`,
    async (t) => {
      const { home, sandbox } = await makeUser(t)
      const request = requestFor(sandbox.origin)
      home.useBrowser('follow.ts')

      const login = await helperAt(home, shift, 'get', request)
      home.forbidBrowser()
      const afterLogin = await askThrice(t, { home, sandbox, request }, shift)
      const { accessToken } = home.record(home.runtime, sandbox.origin)
      await helperAt(home, shift, 'erase', `${request}password=${String(accessToken)}\n`)
      const afterErase = await askThrice(t, { home, sandbox, request }, shift)

      t.is(login.code, 0, login.stderr)
      t.deepEqual([afterLogin, afterErase], [0, 1])
      t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'authorization_code', status: 200 }, REFRESHED])
      t.is(home.openedUrls().length, 1)
    },
  )
}

for (const [ahead, minutes, isRenewed] of [
  // Before: the token was obtained in the future.
  [60, 50, true],
  [60, 70, false],
  // The last five minutes of the token's real life, and after it.
  [60, 116, true],
  [60, 125, true],
  [30, 125, true],
  [5, 125, true],
  // More than half of a life is not cut, as the clock may stay wrong.
  [120, 110, true],
] as const) {
  test.serial(
    `a clock ${ahead} minutes ahead at the refresh and right ${minutes} minutes later: no dead token`,
    async (t) => {
      const { home, sandbox, request } = await makeLoggedInUser(t)
      home.expire(sandbox.origin)
      const refresh = await helperAt(home, `+${ahead}m`, 'get', request)

      const { code, stdout, stderr } = await helperAt(home, `+${minutes}m`, 'get', request)

      t.deepEqual({ code, stderr }, { code: 0, stderr: '' }, refresh.stderr)
      t.is(parseAnswer(stdout)['password'] !== parseAnswer(refresh.stdout)['password'], isRenewed)
      t.deepEqual(sandbox.oauth.tokenRequests, isRenewed ? [REFRESHED, REFRESHED] : [REFRESHED])
    },
  )
}

// After the others, and at the same time: these do little but wait.
for (const [holders, waiters, requests] of [
  ['', '', 1],
  ['', '+30m', 1],
  ['+1y', '+1y', 1],
  ['-1y', '-1y', 1],
  // What the one got is no good by the other's clock.
  ['', '+1y', 2],
  ['', '-1y', 2],
  ['+1y', '', 2],
  ['-1y', '', 2],
] as const) {
  const title = [holders, waiters].map((shift) => shift || 'right').join(' and ')
  test(`clocks that are ${title}: who waits leaves the lock to who lives`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    const { oauth, origin } = sandbox
    home.expire(origin, -400 * SECONDS.d)
    // Longer than a lock lasts that nobody touches.
    oauth.settings.delay = 12_000

    const first = helperAt(home, holders, 'get', request)
    await oauth.tokenRequestBegins()
    const second = helperAt(home, waiters, 'get', request)
    const next = oauth.tokenRequestBegins().then(() => [...oauth.tokenRequests])
    const held = await first
    oauth.settings.delay = 0
    const waited = await second

    t.like(held, { code: 0, stderr: '' })
    t.is(waited.code, 0, waited.stderr)
    t.regex(waited.stderr, /^git-credential-bitbucket-oauth: waiting for another git process [^\n]+\n$/)
    t.is(held.stdout === waited.stdout, requests === 1)
    t.deepEqual(oauth.tokenRequests, [REFRESHED, REFRESHED].slice(0, requests))
    if (requests === 2) t.deepEqual(await next, [REFRESHED], 'one after the other')
    t.truthy(await oauth.scopesOf(parseAnswer(waited.stdout)['password'] ?? ''))
    t.deepEqual(home.openedUrls(), [])
    t.false(existsSync(`${home.recordPath(home.data, origin)}.lock`))
  })
}
