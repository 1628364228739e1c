import test from 'ava'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../helpers/home.ts'
import { makeLoggedInUser, makeUser, parseAnswer } from '../helpers/user.ts'

const NAME = 'git-credential-bitbucket-oauth'
const ROOT = process.env['STANDALONE'] ?? ''
const FRONT = join(ROOT, 'bin', NAME)

/** On this PATH are git and a shell, and no Node. */
function hideNode(home: Home): void {
  if (!existsSync(FRONT)) throw new Error('STANDALONE names no such directory: run npm run test:front')
  const bin = join(home.path, 'tools')
  mkdirSync(bin)
  for (const name of ['git', 'sh', 'env', 'uname']) symlinkSync(`/usr/bin/${name}`, join(bin, name))
  rmSync(join(home.path, 'bin', NAME))
  home.env['PATH'] = bin
}

test('without a Node on the machine, a token that has ended is refreshed', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  hideNode(home)
  home.expire(sandbox.origin)

  const refreshed = await home.run(FRONT, ['get'], { input: request })
  const cached = await home.run(FRONT, ['get'], { input: request })

  t.is(refreshed.code, 0, refreshed.stderr)
  t.truthy(await sandbox.oauth.scopesOf(parseAnswer(refreshed.stdout)['password'] ?? ''))
  t.is(cached.stdout, refreshed.stdout)
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
})

test('linked into a directory of PATH, it logs git in, without a Node on the machine', async (t) => {
  const { home, sandbox } = await makeUser(t)
  hideNode(home)
  symlinkSync(FRONT, join(home.path, 'tools', NAME))
  const input = `url=${sandbox.repository('widgets')}\n\n`
  home.useBrowser('follow.ts')

  const { code, stdout, stderr } = await home.run('git', ['credential', 'fill'], { input })
  const doctor = await home.run(NAME, ['doctor', sandbox.origin])
  const configured = await home.run(NAME, ['configure'])

  t.is(code, 0, stderr)
  t.truthy(await sandbox.oauth.scopesOf(parseAnswer(stdout)['password'] ?? ''))
  t.is(doctor.code, 0, doctor.stdout)
  t.is(configured.code, 0, configured.stderr)
  t.true(readFileSync(join(home.path, '.gitconfig'), 'utf8').includes(FRONT))
})
