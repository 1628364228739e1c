import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { testEachGit } from '../helpers/gits.ts'
import { makeLoggedInUser, makeUser } from '../helpers/user.ts'

testEachGit('the first clone logs in, in a real browser; from then on git just works', async (t, git) => {
  const { home, sandbox } = await makeUser(t, { git })
  const { tokenRequests } = sandbox.oauth
  const url = sandbox.repository('widgets')

  home.useBrowser('chromium.ts')
  const first = await home.git('clone', '--quiet', url, 'first')
  // Where Chromium does not start, it says which library it misses.
  t.is(first.code, 0, `${first.stderr}\n${home.browserErrors()}`)
  t.deepEqual(tokenRequests.splice(0), [{ grantType: 'authorization_code', status: 200 }])
  t.is(home.openedUrls().length, 1)
  t.like(await home.shownPage(), { title: `Logged in to ${new URL(sandbox.origin).host}`, errors: [] })

  home.forbidBrowser()
  const second = await home.git('clone', '--quiet', url, 'second')
  t.deepEqual(second, { code: 0, stdout: '', stderr: '' })
  t.deepEqual(tokenRequests, [], 'no request to the token endpoint')

  home.expire(sandbox.origin)
  const third = await home.git('-C', 'first', 'fetch', '--quiet')
  t.deepEqual(third, { code: 0, stdout: '', stderr: '' })
  t.deepEqual(tokenRequests.splice(0), [{ grantType: 'refresh_token', status: 200 }])

  writeFileSync(join(home.path, 'work/first/news'), 'news\n')
  await home.git('-C', 'first', 'add', 'news')
  await home.git('-C', 'first', 'commit', '--quiet', '--message', 'news')
  const push = await home.git('-C', 'first', 'push', '--quiet')
  t.deepEqual(push, { code: 0, stdout: '', stderr: '' })
  const pull = await home.git('-C', 'second', 'pull', '--quiet')
  t.deepEqual(pull, { code: 0, stdout: '', stderr: '' })
  t.true(existsSync(join(home.path, 'work/second/news')))
  t.deepEqual(tokenRequests, [])

  home.expire(sandbox.origin)
  sandbox.oauth.storage.forget('RefreshToken')
  home.useBrowser('chromium.ts')
  const fourth = await home.git('-C', 'first', 'fetch', '--quiet')
  t.is(fourth.code, 0, fourth.stderr)
  t.deepEqual(tokenRequests, [
    { grantType: 'refresh_token', status: 400 },
    // The one before, which the server might have taken.
    { grantType: 'refresh_token', status: 400 },
    { grantType: 'authorization_code', status: 200 },
  ])
  t.is(home.openedUrls().length, 2)
  t.like(await home.shownPage(), { title: `Logged in to ${new URL(sandbox.origin).host}`, errors: [] })
})

testEachGit('refresh tokens rotate, and each new one is kept', async (t, git) => {
  const { home, sandbox } = await makeLoggedInUser(t, { git })
  const seen = new Set([home.record(home.data, sandbox.origin)['refreshToken']])

  for (let round = 0; round < 5; round++) {
    home.expire(sandbox.origin)
    t.deepEqual(await home.git('ls-remote', '--heads', '--quiet', sandbox.repository('widgets'), 'none'), {
      code: 0,
      stdout: '',
      stderr: '',
    })
    seen.add(home.record(home.data, sandbox.origin)['refreshToken'])
  }

  t.is(seen.size, 6)
  t.deepEqual(
    sandbox.oauth.tokenRequests,
    Array.from({ length: 5 }, () => ({ grantType: 'refresh_token', status: 200 })),
  )
  t.deepEqual(home.openedUrls(), [])
})

testEachGit('without rotation the refresh token stays', async (t, git) => {
  const { home, sandbox, request } = await makeLoggedInUser(t, { git })
  sandbox.oauth.settings.rotation = false
  const { refreshToken } = home.record(home.data, sandbox.origin)

  home.expire(sandbox.origin)
  const { code, stderr } = await home.helper('get', request)

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.is(home.record(home.data, sandbox.origin)['refreshToken'], refreshToken)
})

testEachGit('a push without the permission fails in Bitbucket’s words, and forgets nothing', async (t, git) => {
  const { home, sandbox } = await makeUser(t, { git })
  sandbox.oauth.settings.scopes = ['repository']
  home.useBrowser('follow.ts')
  t.is((await home.git('clone', '--quiet', sandbox.repository('widgets'))).code, 0)
  home.forbidBrowser()
  writeFileSync(join(home.path, 'work/widgets/news'), 'news\n')
  await home.git('-C', 'widgets', 'add', 'news')
  await home.git('-C', 'widgets', 'commit', '--quiet', '--message', 'news')

  const push = await home.git('-C', 'widgets', 'push', '--quiet')

  t.is(push.code, 128)
  t.regex(push.stderr, /The requested URL returned error: 403/)
  t.deepEqual(await home.git('-C', 'widgets', 'fetch', '--quiet'), { code: 0, stdout: '', stderr: '' })
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'authorization_code', status: 200 }])
})

testEachGit('a URL with a username works, as Bitbucket’s clone dialog writes it', async (t, git) => {
  const { home, sandbox } = await makeLoggedInUser(t, { git })
  const url = sandbox.repository('widgets', 'alice')
  t.regex(url, /\/\/alice@/)

  t.deepEqual(await home.git('clone', '--quiet', url), { code: 0, stdout: '', stderr: '' })
  t.deepEqual(await home.git('-C', 'widgets', 'push', '--quiet', 'origin', 'HEAD:refs/heads/news'), {
    code: 0,
    stdout: '',
    stderr: '',
  })
})
