import test from 'ava'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { findCache, findDataDirectory, findRuntimeDirectory } from '../../src/base/paths.ts'
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

const LIBRARY = `const { default: envPaths } = await import('env-paths')
console.log(envPaths('git-credential-bitbucket-oauth', { suffix: '' }).cache)`

for (const env of [
  { HOME: '/home/alice' },
  { HOME: '/home/alice', XDG_CACHE_HOME: '' },
  { HOME: '/home/alice', XDG_CACHE_HOME: '/var/cache/alice' },
  { HOME: '/', XDG_CACHE_HOME: '/x' },
]) {
  test(`the cache is where the library says it is: ${JSON.stringify(env)}`, (t) => {
    const own = findCache(env, 'linux')
    const args = ['--input-type=module', '--eval', LIBRARY]

    t.is(own, execFileSync(process.execPath, args, { env, encoding: 'utf8' }).trim())
  })
}

test('the cache on macOS and Windows is where the platform has it', (t) => {
  const name = 'git-credential-bitbucket-oauth'

  t.is(findCache({ HOME: '/Users/alice' }, 'darwin'), `/Users/alice/Library/Caches/${name}`)
  t.is(
    findCache({ LOCALAPPDATA: 'C:\\Users\\alice\\AppData\\Local' }, 'win32'),
    `C:\\Users\\alice\\AppData\\Local\\${name}\\Cache`,
  )
})

for (const platform of ['linux', 'darwin', 'win32'] as const) {
  test(`without the variables nothing is known of the cache on ${platform}`, (t) => {
    t.falsy(findCache({}, platform))
    t.falsy(findCache({ HOME: '', LOCALAPPDATA: '' }, platform))
  })
}
