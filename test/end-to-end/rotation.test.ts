import test from 'ava'
import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Home, Outcome } from '../helpers/home.ts'
import { startGet, WAITING } from '../helpers/running.ts'
import { makeLoggedInUser, makeUser, parseAnswer, requestFor } from '../helpers/user.ts'

const ROUNDS = 5
const PROCESSES = 50

/** So many rounds go on with a token that is fresh for all, where there is nothing left to race for. */
const FRESH_ROUNDS = 1

test.serial('of fifty processes one refreshes, and all answer with its token', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  t.timeout(1_200_000)
  const { origin, oauth } = sandbox
  const readAccessToken = (): string => String(home.record(home.runtime, origin)['accessToken'])

  for (let round = 1; round <= ROUNDS; round++) {
    const before = readAccessToken()
    home.expire(origin)
    oauth.tokenRequests.length = 0

    const expired = await getAtOnce(home, request)
    const fresh = round <= FRESH_ROUNDS ? await getAtOnce(home, request) : []

    t.deepEqual(oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
    const password = readAccessToken()
    t.not(password, before)
    t.truthy(await oauth.scopesOf(password))
    for (const { code, stdout, stderr } of [...expired, ...fresh]) {
      t.is(code, 0, stderr)
      // A machine that is busy otherwise may need longer than the helper stays silent.
      if (stderr !== '') t.regex(stderr, WAITING)
      t.true(parseAnswer(stdout)['password'] === password)
    }
    t.deepEqual(home.openedUrls(), [])
  }
})

function getAtOnce(home: Home, request: string): Promise<Outcome[]> {
  return Promise.all(Array.from({ length: PROCESSES }, () => home.helper('get', request)))
}

for (const [title, isResumedEarly] of [
  ['after the other has saved', false],
  ['while the other is refreshing', true],
] as const) {
  test(`stopped with its request under way, and resumed ${title}: the newest login stays`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    const { origin, oauth } = sandbox
    oauth.storage.grace = 600
    home.expire(origin)
    oauth.settings.delay = 500
    const stopped = startGet(t, home, request)
    await oauth.tokenRequestBegins()
    stopped.child.kill('SIGSTOP')

    const other = startGet(t, home, request)
    await oauth.tokenRequestBegins()
    if (isResumedEarly) {
      stopped.child.kill('SIGCONT')
      await stopped.ended
    }
    const { code, stderr } = await other.ended
    const saved = home.record(home.data, origin)
    stopped.child.kill('SIGCONT')
    const resumed = await stopped.ended

    t.is(code, 0)
    t.regex(stderr, WAITING)
    t.is(resumed.code, 0, resumed.stderr)
    t.is(resumed.stderr, '')
    t.truthy(await oauth.scopesOf(parseAnswer(resumed.stdout)['password'] ?? ''))
    t.deepEqual(home.record(home.data, origin), saved)
    t.deepEqual(oauth.tokenRequests, [
      { grantType: 'refresh_token', status: 200 },
      { grantType: 'refresh_token', status: 200 },
    ])
    oauth.settings.delay = 0
    // Of the two, it is the one that the server answered to last.
    oauth.storage.grace = 0
    home.expire(origin)
    const later = await home.helper('get', request)
    t.deepEqual({ code: later.code, stderr: later.stderr }, { code: 0, stderr: '' })
    t.deepEqual(home.openedUrls(), [])
    t.deepEqual(home.files(home.data), [`${encodeURIComponent(origin)}.json`])
  })
}

test('stopped before it sent anything: it sends nothing when it is resumed, and has the other’s token', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const { origin, oauth } = sandbox
  home.expire(origin)
  // With the lock taken it tries whether it could write, and removes what it wrote.
  const stopped = startGet(t, home, request, { signal: 'STOP', call: 'unlink', when: 1 })
  while (!existsSync(`${home.recordPath(home.data, origin)}.lock/owner`)) await sleep(5)

  const other = await home.helper('get', request)
  const saved = home.record(home.data, origin)
  stopped.child.kill('SIGCONT')
  const resumed = await stopped.ended

  t.is(other.code, 0)
  t.regex(other.stderr, WAITING)
  t.is(resumed.code, 0, resumed.stderr)
  t.is(resumed.stderr, '')
  t.deepEqual(oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
  t.true(resumed.stdout === other.stdout)
  t.deepEqual(home.record(home.data, origin), saved)
  home.expire(origin)
  const later = await home.helper('get', request)
  t.deepEqual({ code: later.code, stderr: later.stderr }, { code: 0, stderr: '' })
  t.deepEqual(home.openedUrls(), [])
})

test('stopped with its request under way, while the login was forgotten and made anew: the new one stays', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const { origin, oauth } = sandbox
  home.expire(origin)
  oauth.settings.delay = 500
  const stopped = startGet(t, home, request)
  await oauth.tokenRequestBegins()
  stopped.child.kill('SIGSTOP')

  const reject = await home.run('git', ['credential', 'reject'], { input: request })
  t.is(reject.code, 0, reject.stderr)
  home.useBrowser('follow.ts')
  const login = await home.run('git-credential-bitbucket-oauth', ['login', origin])
  t.is(login.code, 0, login.stderr)
  home.forbidBrowser()
  const made = home.record(home.data, origin)
  stopped.child.kill('SIGCONT')
  const resumed = await stopped.ended

  t.is(resumed.code, 0, resumed.stderr)
  t.deepEqual(home.record(home.data, origin), made)
})

test('stopped before it asked for a login, which another did: no second browser', async (t) => {
  const { home, sandbox } = await makeUser(t)
  const { origin } = sandbox
  const request = requestFor(origin)
  home.useBrowser('follow.ts')
  const stopped = startGet(t, home, request, { signal: 'STOP', call: 'unlink', when: 2 })
  while (!existsSync(`${home.recordPath(home.data, origin)}.lock/owner`)) await sleep(5)

  const other = await home.helper('get', request)
  stopped.child.kill('SIGCONT')
  const resumed = await stopped.ended

  t.is(other.code, 0, other.stderr)
  t.is(resumed.code, 0, resumed.stderr)
  t.true(resumed.stdout === other.stdout)
  t.is(home.openedUrls().length, 1)
})

for (const [title, secondsAgo, isTried] of [
  ['just now', 0, true],
  ['nine minutes ago', 540, true],
  ['eleven minutes ago', 660, false],
  ['in five minutes, by a clock that was set back', -300, true],
  ['in eleven minutes, by a clock that was set back', -660, false],
] as const) {
  test(`the newest refresh token is refused, and replaced the one before it ${title}: ${isTried ? 'that one is tried' : 'no more is tried'}`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    const { origin, oauth } = sandbox
    const path = home.recordPath(home.data, origin)
    const { refreshToken, ...rest } = home.record(home.data, origin)
    const previous = { refreshToken, replacedAt: Math.floor(Date.now() / 1000) - secondsAgo }
    const text = JSON.stringify({ ...rest, refreshToken: 'refused', previous })
    writeFileSync(path, text)
    home.expire(origin)
    home.env['GIT_TERMINAL_PROMPT'] = '0'

    const { code, stdout, stderr } = await home.helper('get', request)

    const after = home.record(home.data, origin)
    t.deepEqual(home.openedUrls(), [])
    if (isTried) {
      t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
      t.truthy(await oauth.scopesOf(parseAnswer(stdout)['password'] ?? ''))
      t.deepEqual(
        oauth.tokenRequests.map(({ status }) => status),
        [400, 200],
      )
      t.false(['refused', refreshToken].includes(after['refreshToken']))
      t.like(after, { previous: { refreshToken } })
    } else {
      t.is(code, 1)
      t.is(stdout, '')
      t.regex(stderr, /^[^\n]+: the saved login was refused by /)
      t.deepEqual(
        oauth.tokenRequests.map(({ status }) => status),
        [400],
      )
      t.is(JSON.stringify(after), text)
    }
  })
}
