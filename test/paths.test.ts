import test from 'ava'
import { findDirectories } from '../src/paths.ts'

test('access tokens lie in the user’s runtime directory where there is one', (t) => {
  const { runtime } = findDirectories({ XDG_RUNTIME_DIR: '/run/user/1000' })

  t.is(runtime, '/run/user/1000/git-credential-bitbucket-oauth')
})

for (const value of [undefined, '', 'relative']) {
  test(`XDG_RUNTIME_DIR = ${value}: they lie in the cache directory`, (t) => {
    const { runtime, data } = findDirectories({ XDG_RUNTIME_DIR: value })

    t.regex(runtime, /git-credential-bitbucket-oauth$/)
    t.true(runtime.startsWith('/'))
    t.not(runtime, data)
  })
}
