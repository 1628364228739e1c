import test from 'ava'
import { findDataDirectory, findRuntimeDirectory } from '../src/paths.ts'

test('access tokens lie in the user’s runtime directory where there is one', async (t) => {
  t.is(
    await findRuntimeDirectory({ XDG_RUNTIME_DIR: '/run/user/1000' }),
    '/run/user/1000/git-credential-bitbucket-oauth',
  )
})

for (const value of [undefined, '', 'relative']) {
  test(`XDG_RUNTIME_DIR = ${value}: they lie in the cache directory`, async (t) => {
    const runtime = await findRuntimeDirectory({ XDG_RUNTIME_DIR: value })

    t.regex(runtime, /^\/.*git-credential-bitbucket-oauth$/)
    t.not(runtime, await findDataDirectory())
  })
}
