import type { ExecutionContext } from 'ava'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Git, testEachGit } from '../helpers/gits.ts'
import type { Home, Outcome } from '../helpers/home.ts'
import { WAITING } from '../helpers/running.ts'
import { makeLoggedInUser, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const SILENCE = { code: 0, stdout: '', stderr: '' }
const REFRESH = { grantType: 'refresh_token', status: 200 }

/** A user with a clone and a token that is an hour old. */
async function makeUserWithClone(t: ExecutionContext, git: Git): Promise<{ home: Home; sandbox: Sandbox }> {
  const { home, sandbox } = await makeLoggedInUser(t, { git })
  t.deepEqual(await home.git('clone', '--quiet', sandbox.repository('widgets')), SILENCE)
  writeFileSync(join(home.path, 'work/widgets/news'), 'news\n')
  await home.git('-C', 'widgets', 'add', 'news')
  await home.git('-C', 'widgets', 'commit', '--quiet', '--message', 'news')
  home.expire(sandbox.origin, 3600)
  home.watchHelper()
  return { home, sandbox }
}

function revoke(sandbox: Sandbox): void {
  sandbox.oauth.storage.forget('AccessToken')
}

for (const form of ['basic', 'bearer'] as const) {
  for (const [title, args] of [
    ['ls-remote', ['-C', 'widgets', 'ls-remote', '--quiet', 'origin', 'none']],
    ['fetch', ['-C', 'widgets', 'fetch', '--quiet']],
    ['push', ['-C', 'widgets', 'push', '--quiet']],
    ['clone', ['clone', '--quiet']],
  ] as const) {
    testEachGit(
      `${title}, ${form}: a revoked token is replaced in the same command, or before the next`,
      async (t, git) => {
        const { home, sandbox } = await makeUserWithClone(t, git)
        home.configure({ [`credential.${sandbox.origin}.oauthAuthType`]: form })
        home.expire(sandbox.origin)
        t.deepEqual(await home.git('-C', 'widgets', 'fetch', '--quiet'), SILENCE)
        home.expire(sandbox.origin, 3600)
        home.helperCalls()
        sandbox.oauth.tokenRequests.length = 0
        revoke(sandbox)
        const command = title === 'clone' ? [...args, sandbox.repository('widgets'), 'again'] : args

        const first = await home.git(...command)
        const calls = home.helperCalls()

        if (git.hasCapabilities) {
          t.deepEqual(first, SILENCE)
          t.deepEqual(calls, ['get', 'get', 'store'])
        } else {
          t.is(first.code, 128)
          t.regex(first.stderr, /Authentication failed/)
          t.deepEqual(calls, ['get', 'erase'])
          t.deepEqual(await home.git(...command), SILENCE)
        }
        t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
        t.deepEqual(home.openedUrls(), [])
      },
    )
  }
}

testEachGit('eight fetches at once with a revoked token: one refresh', async (t, git) => {
  const { home, sandbox } = await makeUserWithClone(t, git)
  revoke(sandbox)
  const fetchAtOnce = (): Promise<Outcome[]> =>
    Promise.all(Array.from({ length: 8 }, () => home.git('-C', 'widgets', 'fetch', '--quiet')))

  const first = await fetchAtOnce()
  const second = await fetchAtOnce()

  t.log(
    `succeeded at once: ${first.filter(({ code }) => code === 0).length} of 8; then ${second.filter(({ code }) => code === 0).length} of 8`,
  )
  if (git.hasCapabilities) for (const outcome of first) expectSilence(t, outcome)
  for (const outcome of second) expectSilence(t, outcome)
  t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
})

/** A machine that is busy otherwise may need longer than the helper stays silent. */
function expectSilence(t: ExecutionContext, { code, stdout, stderr }: Outcome): void {
  t.deepEqual({ code, stdout, stderr: stderr.replace(WAITING, '') }, SILENCE)
}

testEachGit('again and again: each command with a revoked token gets a new one', async (t, git) => {
  const { home, sandbox } = await makeUserWithClone(t, git)

  for (let round = 1; round <= 3; round++) {
    revoke(sandbox)
    const { code } = await home.git('-C', 'widgets', 'fetch', '--quiet')
    t.is(code, git.hasCapabilities ? 0 : 128)
    if (!git.hasCapabilities) t.deepEqual(await home.git('-C', 'widgets', 'fetch', '--quiet'), SILENCE)
    home.expire(sandbox.origin, 3600)
  }

  t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH, REFRESH, REFRESH])
})

testEachGit('oauthSelfHeal = false: git is asked to try no second time', async (t, git) => {
  const { home, sandbox } = await makeUserWithClone(t, git)
  home.configure({ [`credential.${sandbox.origin}.oauthSelfHeal`]: 'false' })
  home.expire(sandbox.origin)
  t.deepEqual(await home.git('-C', 'widgets', 'fetch', '--quiet'), SILENCE)
  home.expire(sandbox.origin, 3600)
  home.helperCalls()
  revoke(sandbox)

  const { code } = await home.git('-C', 'widgets', 'fetch', '--quiet')

  t.is(code, 128)
  t.deepEqual(home.helperCalls(), ['get', 'erase'])
  t.deepEqual(await home.git('-C', 'widgets', 'fetch', '--quiet'), SILENCE)
})

testEachGit('a revoked token of an account of its own is replaced by its own', async (t, git) => {
  const { home, sandbox } = await makeUserWithClone(t, git)
  const hers = sandbox.origin.replace('://', '://alice@')
  home.useBrowser('follow.ts')
  const login = await home.run('git-credential-bitbucket-oauth', ['login', sandbox.origin, '--username', 'alice'])
  t.is(login.code, 0, login.stderr)
  home.forbidBrowser()
  home.expire(hers, 3600)
  const ours = home.record(home.runtime, sandbox.origin)
  const before = home.record(home.runtime, hers)['accessToken']
  revoke(sandbox)
  home.configure({ [`credential.${sandbox.origin}/acme.username`]: 'alice' })

  const { code } = await home.git('-C', 'widgets', 'fetch', '--quiet')
  if (!git.hasCapabilities) await home.git('-C', 'widgets', 'fetch', '--quiet')

  t.is(code, git.hasCapabilities ? 0 : 128)
  t.not(home.record(home.runtime, hers)['accessToken'], before)
  t.deepEqual(home.record(home.runtime, sandbox.origin), ours)
})

const REFUSED =
  /: [\d.:]+ refuses even an access token that it has just issued\nhint: see in the browser [^\n]+\nhint: if it can, ask [^\n]+\nhint: to log in with another account: [^\n]+\nremote: [^\n]+\nfatal: Authentication failed/

testEachGit(
  'when the new token is refused too, the user learns what that may mean, and the next command asks for a login',
  async (t, git) => {
    const { home, sandbox } = await makeUserWithClone(t, git)
    sandbox.git.refusesAll = true
    // Git before 2.46 needs a command of its own for the token that was there.
    if (!git.hasCapabilities) t.is((await home.git('-C', 'widgets', 'fetch', '--quiet')).code, 128)
    home.helperCalls()

    const refused = await home.git('-C', 'widgets', 'fetch', '--quiet')

    t.is(refused.code, 128)
    t.regex(refused.stderr, REFUSED)
    t.deepEqual(home.helperCalls(), git.hasCapabilities ? ['get', 'get', 'erase'] : ['get', 'erase'])
    t.deepEqual(sandbox.oauth.tokenRequests.splice(0), [REFRESH])

    sandbox.git.refusesAll = false
    home.useBrowser('follow.ts')
    const next = await home.git('-C', 'widgets', 'fetch', '--quiet')

    t.is(next.code, 0, next.stderr)
    t.regex(next.stderr, /refused an access token that it had just issued\n.*to log in, use the browser/)
    t.deepEqual(sandbox.oauth.tokenRequests.splice(0), [{ grantType: 'authorization_code', status: 200 }])
    t.deepEqual(await home.git('-C', 'widgets', 'fetch', '--quiet'), SILENCE)
  },
)

testEachGit('where nobody can be asked, a token that was refused at once is refreshed again', async (t, git) => {
  const { home, sandbox } = await makeUserWithClone(t, git)
  sandbox.git.refusesAll = true
  home.env['GIT_TERMINAL_PROMPT'] = '0'
  for (let round = 1; round <= 3; round++) t.is((await home.git('-C', 'widgets', 'fetch', '--quiet')).code, 128)
  sandbox.git.refusesAll = false

  const { code, stderr } = await home.git('-C', 'widgets', 'fetch', '--quiet')

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.deepEqual(home.openedUrls(), [])
})

testEachGit('a login whose token is refused at once is not asked for again by git', async (t, git) => {
  const { home, sandbox } = await makeUserWithClone(t, git)
  t.is((await home.helper('erase', requestFor(sandbox.origin))).code, 0)
  sandbox.git.refusesAll = true
  home.useBrowser('follow.ts')

  const first = await home.git('-C', 'widgets', 'fetch', '--quiet')
  home.forbidBrowser()
  const others = [
    await home.git('-C', 'widgets', 'fetch', '--quiet'),
    await home.git('-C', 'widgets', 'fetch', '--quiet'),
  ]

  t.is(first.code, 128)
  t.regex(first.stderr, /refuses even an access token [^]*hint: to log in with another account: git credential-bitb/)
  for (const { code, stderr } of others) {
    t.is(code, 128)
    t.regex(stderr, /^[^\n]+ refuses even an access token/, 'a refreshed one, and no login')
  }
  t.is(home.openedUrls().length, 1, 'this login')
})

testEachGit('offline with a revoked token: the reason, and no prompt for a password', async (t, git) => {
  const { home, sandbox } = await makeUserWithClone(t, git)
  revoke(sandbox)
  sandbox.oauth.settings.fault = { status: 503, type: 'text/html', body: '<html>' }
  home.env['GIT_ASKPASS'] = join(home.path, 'bin/browser')

  const { code, stderr } = await home.git('-C', 'widgets', 'fetch', '--quiet')

  t.is(code, 128)
  if (git.hasCapabilities)
    t.regex(stderr, /gave no usable answer \(HTTP 503\)\nhint: [^\n]+\nfatal: [^\n]*told us to quit/)
  t.deepEqual(home.openedUrls(), [], 'no prompt')
  sandbox.oauth.settings.fault = undefined
  t.deepEqual(await home.git('-C', 'widgets', 'fetch', '--quiet'), SILENCE)
})

testEachGit('revoked with its refresh token: the same command asks for a login', async (t, git) => {
  const { home, sandbox } = await makeUserWithClone(t, git)
  revoke(sandbox)
  sandbox.oauth.storage.forget('RefreshToken')
  home.useBrowser('follow.ts')
  if (!git.hasCapabilities) t.is((await home.git('-C', 'widgets', 'fetch', '--quiet')).code, 128)

  const { code, stderr } = await home.git('-C', 'widgets', 'fetch', '--quiet')

  t.is(code, 0, stderr)
  t.regex(stderr, /the saved login was refused/)
  t.is(home.openedUrls().length, 1, 'this login')
})
