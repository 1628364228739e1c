import test from 'ava'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeLoggedInUser, parseAnswer } from '../helpers/user.ts'

test('secrets are in the two records and in the answer to git, and nowhere else', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.expire(sandbox.origin)
  const { stdout, stderr } = await home.helper('get', request)
  const accessToken = String(home.record(home.runtime, sandbox.origin)['accessToken'])
  const refreshToken = String(home.record(home.data, sandbox.origin)['refreshToken'])
  t.is(parseAnswer(stdout)['password'], accessToken)

  const secrets = [accessToken, refreshToken, sandbox.oauth.consumer.secret]
  const allowed = new Set([
    home.recordPath(home.runtime, sandbox.origin),
    home.recordPath(home.data, sandbox.origin),
    join(home.path, '.gitconfig'),
  ])
  for (const secret of secrets) {
    t.false(stderr.includes(secret))
    for (const name of readdirSync(home.path, { recursive: true, encoding: 'utf8' })) {
      const path = join(home.path, name)
      if (!statSync(path).isFile() || allowed.has(path)) continue
      t.false(readFileSync(path, 'utf8').includes(secret), path)
    }
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
