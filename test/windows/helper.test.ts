import test from 'ava'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAnswer, requestFor } from '../helpers/user.ts'
import { makeLoggedInWindowsUser, makeWindowsUser, NODE, openedUrls } from './windowsUser.ts'

const REFRESH = { grantType: 'refresh_token', status: 200 }

test.serial('git asks, a browser opens without PowerShell, and the second time nobody is asked', async (t) => {
  const { user, sandbox } = await makeWindowsUser(t, { name: 'Jürgen Müller' })
  const opened = openedUrls().length
  const request = requestFor(sandbox.origin)

  const login = await user.git(['credential', 'fill'], request)
  const cached = await user.git(['credential', 'fill'], request)

  t.is(login.code, 0, login.stderr)
  const { username, password } = parseAnswer(login.stdout)
  t.is(username, 'x-token-auth')
  t.truthy(await sandbox.oauth.scopesOf(password ?? ''))
  t.like(cached, { code: 0, stdout: login.stdout, stderr: '' })
  t.is(openedUrls().length, opened + 1)
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'authorization_code', status: 200 }])
})

test.serial('a token that has ended is refreshed, and the new refresh token is saved', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t)
  const request = requestFor(sandbox.origin)
  const before = user.record(user.data, sandbox.origin)['refreshToken']
  user.expire(sandbox.origin)

  const { code, stdout, stderr } = await user.helper('get', request)

  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.truthy(await sandbox.oauth.scopesOf(parseAnswer(stdout)['password'] ?? ''))
  t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
  t.not(user.record(user.data, sandbox.origin)['refreshToken'], before)
  t.deepEqual(user.files(user.data), [`${encodeURIComponent(sandbox.origin)}.json`])
})

test.serial('store keeps nothing, and erase forgets the token that git rejected', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t)
  const request = requestFor(sandbox.origin)
  const { password = '' } = parseAnswer((await user.helper('get', request)).stdout)
  // One that is refused as soon as it is there is another matter.
  user.expire(sandbox.origin, 3600)

  const stored = await user.helper('store', `${request}username=x-token-auth\npassword=${password}\n`)
  const other = await user.helper('erase', `${request}password=another one\n`)
  const rejected = await user.git(['credential', 'reject'], `${request}username=x-token-auth\npassword=${password}\n`)
  const next = await user.helper('get', request)

  for (const { code, stdout, stderr } of [stored, other, rejected]) t.deepEqual([code, stdout, stderr], [0, '', ''])
  t.not(parseAnswer(next.stdout)['password'], password)
  t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
})

test.serial('Credential Manager keeps tokens that are longer than it takes in one piece', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t, { store: 'keyring' })
  const request = requestFor(sandbox.origin)
  const { password = '' } = parseAnswer((await user.helper('get', request)).stdout)

  await user.helper('erase', `${request}password=${password}\n`)
  const next = await user.helper('get', request)

  t.true(password.length > 1280, `${password.length} characters, and it takes 1,280`)
  t.deepEqual([next.code, next.stderr], [0, ''])
  t.not(parseAnswer(next.stdout)['password'], password)
  for (const directory of [user.data, user.cache]) {
    for (const file of user.files(directory)) {
      t.notRegex(readFileSync(join(directory, file), 'utf8'), /"(access|refresh)Token":"[^"]{20}/)
    }
  }
})

test.serial('the lock of a killed process is taken over', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t)
  user.expire(sandbox.origin)
  // The one that is killed has spent its refresh token.
  sandbox.oauth.storage.grace = 600
  sandbox.oauth.settings.delay = 30_000
  const request = requestFor(sandbox.origin)
  const first = user.helper('get', request)
  await sandbox.oauth.tokenRequestBegins()
  const lock = user.files(user.data).find((name) => name.endsWith('.lock'))
  const { pid } = JSON.parse(readFileSync(`${user.data}/${lock}/owner`, 'utf8')) as { pid: number }
  sandbox.oauth.settings.delay = 0

  const [killed] = await user.run({ program: NODE, args: ['-e', `process.kill(${pid}, 'SIGKILL')`] })
  const second = await user.helper('get', request)

  t.is(killed?.code, 0, killed?.stderr)
  t.not((await first).code, 0)
  t.is(second.code, 0, second.stderr)
  t.is(second.stderr, '')
  t.deepEqual(user.files(user.data), [`${encodeURIComponent(sandbox.origin)}.json`])
})

test.serial('a request that is not for a host of ours gets no answer', async (t) => {
  const { user } = await makeWindowsUser(t)

  const { code, stdout, stderr } = await user.helper('get', requestFor('https://github.com'))

  t.deepEqual([code, stdout, stderr], [0, '', ''])
})
