import test from 'ava'
import { join } from 'node:path'
import { findDataDirectory, findRuntimeDirectory } from '../../src/base/paths.ts'
import { makeDirectory } from '../helpers/directory.ts'
import { makeForeignDirectory } from '../helpers/foreign.ts'

test('access tokens lie in the user’s runtime directory where there is one', async (t) => {
  const directory = makeDirectory(t)

  t.is(await findRuntimeDirectory({ XDG_RUNTIME_DIR: directory }), join(directory, 'git-credential-bitbucket-oauth'))
})

for (const [title, find] of [
  ['is not set', () => undefined],
  ['is empty', () => ''],
  ['is relative', () => 'src'],
  ['is not there', () => '/missing/directory'],
  ['is another user’s', makeForeignDirectory],
] as const) {
  test(`they lie in the cache directory where XDG_RUNTIME_DIR ${title}`, async (t) => {
    const runtime = await findRuntimeDirectory({ XDG_RUNTIME_DIR: find(t) })

    t.regex(runtime, /^\/.*git-credential-bitbucket-oauth$/)
    t.not(runtime, await findDataDirectory())
  })
}
