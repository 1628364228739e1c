import test from 'ava'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listOtherHelpers } from '../../src/git/otherHelpers.ts'
import { makeDirectory } from '../helpers/directory.ts'

const URL = 'https://bitbucket.org'

/** A helper line of git's configuration, for a URL or for all. */
function line(value: string, pattern?: string): string {
  return `[credential${pattern === undefined ? '' : ` "${pattern}"`}]\n\thelper = ${JSON.stringify(value)}\n`
}

for (const [title, lines, before, after] of [
  ['none but ours', [line('bitbucket-oauth')], [], []],
  ['one before and one after', [line('store'), line('bitbucket-oauth'), line('cache')], ['store'], ['cache']],
  ['the set-up of the README', [line('store'), line('', URL), line('bitbucket-oauth', URL)], [], []],
  ['an empty value for all', [line('store'), line(''), line('bitbucket-oauth')], [], []],
  [
    'an empty value for another host',
    [line('store'), line('', 'https://github.com'), line('bitbucket-oauth')],
    ['store'],
    [],
  ],
  ['one for this host', [line('store', URL), line('bitbucket-oauth')], ['store'], []],
  ['one for this host, with a slash', [line('store', `${URL}/`), line('bitbucket-oauth')], ['store'], []],
  ['one for a path of it', [line('store', `${URL}/acme`), line('bitbucket-oauth')], ['store'], []],
  ['one for another host', [line('store', 'https://github.com'), line('bitbucket-oauth')], [], []],
  ['one for another protocol', [line('store', 'http://bitbucket.org'), line('bitbucket-oauth')], [], []],
  ['one for another port', [line('store', `${URL}:8443`), line('bitbucket-oauth')], [], []],
  ['one for a pattern', [line('store', 'https://*.org'), line('bitbucket-oauth')], ['store'], []],
  ['ours in no file that counts', [line('store')], ['store'], []],
  ['ours by its path', [line('store'), line('/usr/bin/git-credential-bitbucket-oauth')], ['store'], []],
  ['ours by a quoted path', [line("!'/my programs/git-credential-bitbucket-oauth'"), line('store')], [], ['store']],
  ...[
    '!git-credential-bitbucket-oauth',
    '!git credential-bitbucket-oauth',
    '!npx git-credential-bitbucket-oauth',
    '!HTTPS_PROXY=http://proxy git-credential-bitbucket-oauth',
    '!node /x/git-credential-bitbucket-oauth/dist/bin.cjs',
    '!f() { git-credential-bitbucket-oauth "$@"; }; f',
  ].map((own) => [`ours as ${own}`, [line(own), line('store')], [], ['store']] as const),
  ['ours on Windows', [line('C:\\bin\\git-credential-bitbucket-oauth.exe'), line('store')], [], ['store']],
  ['one with a similar name', [line('not-bitbucket-oauth'), line('bitbucket-oauth')], ['not-bitbucket-oauth'], []],
] as const) {
  test(`other helpers: ${title}`, (t) => {
    const home = makeDirectory(t)
    writeFileSync(join(home, '.gitconfig'), lines.join(''))
    const env = { HOME: home, PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1' }

    t.like(listOtherHelpers(URL, env), { before: [...before], after: [...after] })
  })
}
