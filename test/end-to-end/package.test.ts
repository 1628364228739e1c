import test from 'ava'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Home } from '../helpers/home.ts'
import { parseAnswer, requestFor } from '../helpers/user.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

function npm(...args: readonly string[]): string {
  return execFileSync('npm', [...args, '--silent'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

test('the package installs without a network, and git finds the program and its manual', async (t) => {
  const prefix = mkdtempSync(join(tmpdir(), 'prefix-'))
  t.teardown(() => rmSync(prefix, { recursive: true, force: true }))
  const tarball = npm('pack', '--ignore-scripts', '--pack-destination', prefix).trim()
  npm('install', '--global', '--offline', '--prefix', prefix, join(prefix, tarball))
  const home = new Home(join(prefix, 'bin/git-credential-bitbucket-oauth'))
  t.teardown(() => home.remove())

  const help = await home.git('credential-bitbucket-oauth', '-h')
  const version = await home.git('credential-bitbucket-oauth', '--version')
  const answer = await home.helper('get', requestFor('https://bitbucket.org'))

  t.like(help, { code: 0, stderr: '' })
  t.regex(help.stdout, /^Usage: git credential-bitbucket-oauth <operation>\n/)
  t.like(version, { code: 0, stdout: '0.1.0\n' })
  t.deepEqual(parseAnswer(answer.stdout), {})
  t.regex(answer.stderr, /no OAuth consumer is configured/)
  t.true(existsSync(join(prefix, 'share/man/man1/git-credential-bitbucket-oauth.1')))
  const installed = join(prefix, 'lib/node_modules/git-credential-bitbucket-oauth')
  t.deepEqual(readdirSync(installed).toSorted(), [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist',
    'docs',
    'package.json',
  ])
})

for (const [title, args, code, stream] of [
  ['no argument: the usage, as an error', [], 2, 'stderr'],
  ['an option that there is not', ['--bogus'], 2, 'stderr'],
  ['-h', ['-h'], 0, 'stdout'],
  ['--help', ['--help'], 0, 'stdout'],
] as const) {
  test(`typed by hand: ${title}`, async (t) => {
    const home = new Home()
    t.teardown(() => home.remove())

    const outcome = await home.run('git-credential-bitbucket-oauth', args)

    t.is(outcome.code, code)
    t.regex(outcome[stream], /Usage: git credential-bitbucket-oauth <operation>/)
    t.is(outcome[stream === 'stdout' ? 'stderr' : 'stdout'], '')
  })
}
