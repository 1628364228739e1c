import test from 'ava'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { printedAddress } from '../helpers/home.ts'
import { makeLoggedInUser, makeUser, parseAnswer, requestFor } from '../helpers/user.ts'

test('the answer is what git needs, and says until when it is good', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.useBrowser('follow.ts')
  const before = Math.floor(Date.now() / 1000)

  const { code, stdout, stderr } = await home.helper('get', requestFor(sandbox.origin))

  const after = Math.ceil(Date.now() / 1000)
  const { username, password, password_expiry_utc: expiry, ...rest } = parseAnswer(stdout)
  t.is(code, 0)
  t.is(username, 'x-token-auth')
  t.regex(password ?? '', /^[\w-]{2600}=$/)
  t.true(Number(expiry) >= before + 7200 && Number(expiry) <= after + 7200)
  t.deepEqual(rest, {}, 'no refresh token for other helpers to keep')
  t.deepEqual(
    stderr.split('\n').map((line) => line.replace(/^git-credential-bitbucket-oauth: /, '')),
    [
      `no login for ${new URL(sandbox.origin).host} is saved`,
      'to log in, use the browser that opens now, or this address (within 60 seconds; Ctrl-C stops):',
      printedAddress(stderr),
      `logged in to ${new URL(sandbox.origin).host}`,
      `no keyring answers here, so the login is kept in a file that only you can read: ${home.recordPath(home.data, sandbox.origin)}`,
      '',
    ],
  )
})

test('a login that the user cancels is told in the browser and in the terminal', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.useBrowser('follow.ts', 'cancel')

  const { code, stdout, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is(code, 1)
  t.is(stdout, 'quit=1\n')
  t.regex(stderr, /: access was denied in the browser, so there is no token\n$/)
  t.is((await home.shownPage()).title, `Not logged in to ${new URL(sandbox.origin).host}`)
  t.regex((await home.shownPage()).text, /Access was denied in the browser, so there is no token\./)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

test('a wrong secret is told in the browser and in the terminal, with the way out', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.configure({ [`credential.${sandbox.origin}.oauthClientSecret`]: 'wrong' })
  home.useBrowser('follow.ts')

  const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is(code, 1)
  t.regex(
    stderr,
    /refused by [^\n]+: Invalid OAuth client credentials \(unauthorized_client\)\nhint: check oauthClientId/,
  )
  t.regex((await home.shownPage()).text, /check oauthClientId and oauthClientSecret/)
  t.is((await home.shownPage()).title, `Not logged in to ${new URL(sandbox.origin).host}`)
  t.deepEqual([home.files(home.data)], [[]])
})

test('a callback URL other than the consumer’s ends in the time limit, with the hint', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.configure({
    [`credential.${sandbox.origin}.oauthRedirectURL`]: 'http://127.0.0.1/other',
    [`credential.${sandbox.origin}.oauthLoginTimeout`]: '3',
  })
  home.useBrowser('follow.ts')

  const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is((await home.shownPage()).title, 'Invalid redirect_uri · Bitbucket sandbox')
  t.is(code, 1)
  t.regex(
    stderr,
    /the browser did not come back from the login within 3 seconds\nhint: if it showed "Invalid redirect_uri"/,
  )
})

test('a loopback address without a port is good for any port', async (t) => {
  const { home, sandbox } = await makeUser(t, { callback: 'http://127.0.0.1/callback' })
  home.useBrowser('follow.ts')

  const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is(code, 0, stderr)
  t.regex(printedAddress(stderr), /redirect_uri=http%3A%2F%2F127\.0\.0\.1%3A\d+%2Fcallback&/)
})

test('a port that is taken is told before any browser opens', async (t) => {
  const { home, sandbox } = await makeUser(t)
  const { port } = new URL(sandbox.oauth.consumer.callback)
  const server = createServer().listen(Number(port), '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())

  const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is(code, 1)
  t.regex(stderr, new RegExp(`^git-credential-bitbucket-oauth: port ${port} on this machine is in use`))
  t.deepEqual(home.openedUrls(), [])
})

test('eight processes ask, the user cancels: one browser, and all of them end', async (t) => {
  const { home, sandbox } = await makeUser(t)
  const everybodyWaits = join(home.path, 'everybody-waits')
  home.useBrowser('follow.ts', 'cancel', everybodyWaits)
  writeFileSync(join(home.path, 'request'), requestFor(sandbox.origin))
  const log = join(home.path, 'log')

  const running = Array.from({ length: 8 }, () =>
    home.run('sh', ['-c', `git-credential-bitbucket-oauth get < ../request 2>> '${log}'`]),
  )
  const count = (text: string): number => readFileSync(log, 'utf8').split(text).length - 1
  while (!existsSync(log) || count('waiting for another git process') < 7) await sleep(50)
  writeFileSync(everybodyWaits, '')
  const outcomes = await Promise.all(running)

  t.is(home.openedUrls().length, 1)
  t.true(outcomes.every(({ code, stdout }) => code === 1 && stdout === 'quit=1\n'))
  t.is(count('access was denied in the browser'), 1)
  t.is(count('another git process has asked for a login, and it brought no token'), 7)
})

test('another consumer needs a login of its own, and keeps the old one until it has it', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const before = home.record(home.data, sandbox.origin)
  home.configure({ [`credential.${sandbox.origin}.oauthClientId`]: 'another' })
  home.expire(sandbox.origin)
  home.env['CI'] = 'true'

  const { code, stderr } = await home.helper('get', request)

  t.is(code, 1)
  t.regex(stderr, /was made with another OAuth consumer; no browser was opened/)
  t.deepEqual(home.record(home.data, sandbox.origin), before)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

test('a refused login in CI: the reason, what to check, and where to log in', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.configure({ [`credential.${sandbox.origin}.oauthClientSecret`]: 'wrong' })
  home.expire(sandbox.origin)
  home.env['CI'] = 'true'
  const before = home.record(home.data, sandbox.origin)

  const { code, stderr } = await home.helper('get', request)

  t.is(code, 1)
  t.regex(
    stderr,
    /^[^\n]+the saved login was refused by [^\n]+: Invalid OAuth client credentials \(unauthorized_client\); no browser was opened, because CI is set\nhint: check oauthClientId [^\n]+\nhint: to log in, where a person sits and CI is not set: git credential-bitbucket-oauth login [^\n]+\n$/,
  )
  t.deepEqual(home.record(home.data, sandbox.origin), before)
})
