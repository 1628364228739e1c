import test from 'ava'
import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Home } from '../helpers/home.ts'
import { makeLoggedInUser, makeUser, parseAnswer, requestFor } from '../helpers/user.ts'

test('each secret is in its own file, the access token in the answer, and none of them anywhere else', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const { origin, oauth } = sandbox
  const accessFile = home.recordPath(home.runtime, origin)
  const refreshFile = home.recordPath(home.data, origin)
  const readAccessToken = (): string => String(home.record(home.runtime, origin)['accessToken'])
  const readRefreshToken = (): string => String(home.record(home.data, origin)['refreshToken'])
  const gone = [readAccessToken(), readRefreshToken()]
  const printed: string[] = []
  const ask = async (): Promise<string> => {
    home.expire(origin)
    const { stdout, stderr } = await home.helper('get', request)
    printed.push(stderr, stdout.replace(/^password=.*$/m, ''))
    return parseAnswer(stdout)['password'] ?? ''
  }

  for (const fault of [
    { status: 500, type: 'text/html', body: '<html>' },
    { status: 400, type: 'application/json', body: '{"error":"invalid_request"}' },
    { status: 200, type: 'application/json', body: '{"refresh_token":"half an answer"}' },
  ]) {
    oauth.settings.fault = fault
    t.is(await ask(), '')
  }
  oauth.settings.fault = undefined
  const answered = await ask()

  t.is(answered, readAccessToken())
  t.false(gone.includes(answered))
  const homes = new Map([
    [answered, accessFile],
    [readRefreshToken(), refreshFile],
    [oauth.consumer.secret, join(home.path, '.gitconfig')],
    [gone[0] ?? '', undefined],
    // The one before is kept for the server's days of forgetfulness.
    [gone[1] ?? '', refreshFile],
  ])
  for (const [secret, home_] of homes) {
    t.false(printed.some((text) => text.includes(secret)))
    t.deepEqual(home.findFiles(secret), home_ === undefined ? [] : [home_])
  }
})

test('records are the user’s alone', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)

  for (const directory of [home.runtime, home.data]) {
    t.is(statSync(directory).mode & 0o777, 0o700)
    t.is(statSync(home.recordPath(directory, sandbox.origin)).mode & 0o777, 0o600)
    t.deepEqual(home.files(directory), [`${encodeURIComponent(sandbox.origin)}.json`])
  }
})

test('the search that follows every test finds a secret in words, in a file, and in a file’s name', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.useBrowser('follow.ts')
  const login = await home.helper('get', requestFor(sandbox.origin))
  t.is(login.code, 0, login.stderr)
  const { secrets, consumer } = sandbox.oauth
  t.true(secrets.size >= 5, 'access token, refresh token, code, verifier, client secret')
  t.deepEqual(home.findLeaks(secrets), [])
  const file = join(home.path, 'work', consumer.secret)

  writeFileSync(file, String(home.record(home.runtime, sandbox.origin)['accessToken']))

  t.deepEqual(home.findLeaks(secrets), ['a file name', `work/${consumer.secret}`])
  rmSync(file)
  const talker = new Home()
  t.teardown(() => talker.remove())
  await talker.run('echo', [String(home.record(home.data, sandbox.origin)['refreshToken'])])
  t.deepEqual(talker.findLeaks(secrets), ['printed words'])
})
