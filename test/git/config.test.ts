import test from 'ava'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isFailure } from '../../src/base/failure.ts'
import { readSettings } from '../../src/git/config.ts'
import { Home } from '../helpers/home.ts'

const URL = 'https://bitbucket.org'

function makeHome(t: { teardown: (work: () => void) => void }): Home {
  const home = new Home()
  t.teardown(() => home.remove())
  return home
}

test('values come from the global configuration, by git’s own matching of URLs', (t) => {
  const home = makeHome(t)
  home.configure({
    'credential.oauthScopes': 'for all',
    'credential.https://bitbucket.org.oauthClientId': 'key',
    'credential.https://example.org.oauthClientSecret': 'of another host',
    'credential.https://bitbucket.org/acme.oauthRedirectURL': 'of a path',
  })

  t.deepEqual(Object.fromEntries(readSettings('credential', URL, home.env)), {
    oauthscopes: 'for all',
    oauthclientid: 'key',
  })
})

test('a value may have several lines, a key may have no value', (t) => {
  const home = makeHome(t)
  writeFileSync(join(home.path, '.gitconfig'), '[credential]\n\tinteractive\n\toauthScopes = "a\\nb"\n')

  t.deepEqual(Object.fromEntries(readSettings('credential', URL, home.env)), {
    interactive: 'true',
    oauthscopes: 'a\nb',
  })
})

test('a repository’s own configuration is not read, wherever git says the repository is', async (t) => {
  const home = makeHome(t)
  await home.git('init', '--quiet', '.')
  await home.git('config', `credential.${URL}.oauthTokenURL`, 'https://evil.example')
  await home.git('config', 'extensions.worktreeConfig', 'true')
  await home.git('config', '--worktree', `credential.${URL}.oauthClientId`, 'evil')
  const work = join(home.path, 'work')
  t.is((await home.git('config', '--get', `credential.${URL}.oauthTokenURL`)).stdout, 'https://evil.example\n')

  const storage = [{ GIT_DIR: join(work, '.git') }, { GIT_DIR: join(work, '.git'), GIT_WORK_TREE: work }]
  for (const place of storage) t.is(readSettings('credential', URL, { ...home.env, ...place }).size, 0)
})

test('what the command line of git sets is read', (t) => {
  const home = makeHome(t)
  const env = {
    ...home.env,
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'credential.https://bitbucket.org.oauthClientId',
    GIT_CONFIG_VALUE_0: 'from the command',
  }

  t.is(readSettings('credential', URL, env).get('oauthclientid'), 'from the command')
})

test('a configuration that git cannot read is a failure, in git’s own words', (t) => {
  const home = makeHome(t)
  writeFileSync(join(home.path, '.gitconfig'), '[broken\n')

  const error = t.throws(() => readSettings('credential', URL, home.env))

  t.true(isFailure(error))
  t.is(error.message, `git's configuration cannot be read: bad config line 1 in file ${join(home.path, '.gitconfig')}`)
})

test('a file that git warns of is a failure, whatever language the user has git speak', (t) => {
  const home = makeHome(t)
  const directory = join(home.path, 'fake')
  mkdirSync(directory)
  writeFileSync(
    join(directory, 'git'),
    `#!/bin/sh
[ "$LC_ALL" = C ] && echo "warning: unable to access '/x': Is a directory" >&2 || echo "Warnung: kein Zugriff auf '/x'" >&2
exit 1
`,
    { mode: 0o700 },
  )

  const env = { ...home.env, PATH: directory, LC_ALL: 'de_DE.UTF-8', LANGUAGE: 'de' }
  const error = t.throws(() => readSettings('credential', URL, env))

  t.is(error.message, "git's configuration cannot be read: unable to access '/x': Is a directory")
})

test('a directory in the place of a file is such a one, and GIT_CONFIG names none', (t) => {
  const home = makeHome(t)
  home.configure({ 'credential.oauthScopes': 'one' })
  home.env['GIT_CONFIG'] = home.path
  t.is(readSettings('credential', URL, home.env).get('oauthscopes'), 'one')

  home.env['GIT_CONFIG_GLOBAL'] = home.path

  t.throws(() => readSettings('credential', URL, home.env), { message: /unable to access/ })
})

test('git is taken from an absolute entry of PATH only', (t) => {
  const error = t.throws(() => readSettings('credential', URL, { PATH: '.:bin:' }))

  t.is(error.message, 'git was not found on PATH')
})
