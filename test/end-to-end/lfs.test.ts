import type { ExecutionContext } from 'ava'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Git, testEachGit } from '../helpers/gits.ts'
import type { Home } from '../helpers/home.ts'
import { makeLoggedInUser } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const REFRESH = { grantType: 'refresh_token', status: 200 }
const CONTENT = 'large\n'.repeat(1000)

/** A user with a clone and a commit in it that has a large file. */
async function makeUserWithLargeFile(t: ExecutionContext, git: Git): Promise<{ home: Home; sandbox: Sandbox }> {
  const { home, sandbox } = await makeLoggedInUser(t, { git })
  if ((await home.git('lfs', 'version')).code !== 0) {
    throw new Error('git-lfs is missing: on Debian, apt-get install git-lfs')
  }
  await home.git('lfs', 'install', '--skip-repo')
  t.is((await home.git('clone', '--quiet', sandbox.repository('widgets'))).code, 0)
  await home.git('-C', 'widgets', 'lfs', 'track', '*.bin')
  writeFileSync(join(home.path, 'work/widgets/large.bin'), CONTENT)
  await home.git('-C', 'widgets', 'add', '.')
  await home.git('-C', 'widgets', 'commit', '--quiet', '--message', 'large')
  home.expire(sandbox.origin, 3600)
  return { home, sandbox }
}

for (const form of ['basic', 'bearer'] as const) {
  testEachGit(`large files are pushed and cloned, ${form}`, async (t, git) => {
    const { home, sandbox } = await makeUserWithLargeFile(t, git)
    home.configure({ [`credential.${sandbox.origin}.oauthAuthType`]: form })
    home.expire(sandbox.origin)

    const push = await home.git('-C', 'widgets', 'push', '--quiet')
    const clone = await home.git('clone', '--quiet', sandbox.repository('widgets'), 'again')

    t.is(push.code, 0, push.stderr)
    t.is(clone.code, 0, clone.stderr)
    t.is(readFileSync(join(home.path, 'work/again/large.bin'), 'utf8'), CONTENT)
    t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
    t.deepEqual(home.openedUrls(), [])
  })
}

testEachGit('large files are pushed with a revoked token, at the second try at the latest', async (t, git) => {
  const { home, sandbox } = await makeUserWithLargeFile(t, git)
  sandbox.oauth.storage.forget('AccessToken')

  const first = await home.git('-C', 'widgets', 'push', '--quiet')
  const second = await home.git('-C', 'widgets', 'push', '--quiet')

  t.log(`the first push ended with ${first.code}`)
  if (git.hasCapabilities) t.is(first.code, 0, first.stderr)
  t.is(second.code, 0, second.stderr)
  t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
})

testEachGit('where Bitbucket answers 403 in place of 401, the setting in the documentation helps', async (t, git) => {
  const { home, sandbox } = await makeUserWithLargeFile(t, git)
  sandbox.lfs.refusesAnonymous = 403

  const refused = await home.git('-C', 'widgets', 'push', '--quiet')
  const documented = `lfs.${sandbox.repository('widgets')}/info/lfs.access`
  await home.git('config', '--global', documented, 'basic')
  const accepted = await home.git('-C', 'widgets', 'push', '--quiet')

  t.not(refused.code, 0)
  t.regex(refused.stderr, /403|[Aa]uthorization error/)
  t.is(accepted.code, 0, accepted.stderr)
})

testEachGit('git lfs pull alone, with a revoked token: at the second try at the latest', async (t, git) => {
  const { home, sandbox } = await makeUserWithLargeFile(t, git)
  t.is((await home.git('-C', 'widgets', 'push', '--quiet')).code, 0)
  home.env['GIT_LFS_SKIP_SMUDGE'] = '1'
  t.is((await home.git('clone', '--quiet', sandbox.repository('widgets'), 'again')).code, 0)
  delete home.env['GIT_LFS_SKIP_SMUDGE']
  sandbox.oauth.storage.forget('AccessToken')

  const first = await home.git('-C', 'again', 'lfs', 'pull')
  const second = await home.git('-C', 'again', 'lfs', 'pull')

  t.log(`the first pull ended with ${first.code}`)
  if (git.hasCapabilities) t.is(first.code, 0, first.stderr)
  t.is(second.code, 0, second.stderr)
  t.is(readFileSync(join(home.path, 'work/again/large.bin'), 'utf8'), CONTENT)
  t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
})
