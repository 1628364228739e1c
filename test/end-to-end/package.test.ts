import test from 'ava'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
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
  t.regex(help.stdout, /^Usage: git credential-bitbucket-oauth <command>\n/)
  t.like(version, { code: 0, stdout: '0.1.0\n' })
  t.deepEqual(parseAnswer(answer.stdout), {})
  t.regex(answer.stderr, /no OAuth consumer is configured/)
  t.true(existsSync(join(prefix, 'share/man/man1/git-credential-bitbucket-oauth.1')))
  const installed = join(prefix, 'lib/node_modules/git-credential-bitbucket-oauth')
  // The keyring's library, an optional dependency, comes along where npm's cache describes it.
  const own = readdirSync(installed).filter((name) => name !== 'node_modules')
  t.deepEqual(own.toSorted(), ['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json'])
})

for (const [title, args, code, stream, expected] of [
  ['no argument: the usage, as an error', [], 2, 'stderr', /^Usage: git credential-bitbucket-oauth <command>\n/],
  ['an option that there is not', ['--bogus'], 2, 'stderr', /^[^\n]+: Unknown argument: bogus\nhint: [^\n]+ -h\n$/],
  ['-h', ['-h'], 0, 'stdout', /^Usage: git credential-bitbucket-oauth <command>\n/],
  ['--help', ['--help'], 0, 'stdout', /^Usage: git credential-bitbucket-oauth <command>\n/],
  ['--version', ['--version'], 0, 'stdout', /^0\.1\.0\n$/],
] as const) {
  test(`typed by hand: ${title}`, async (t) => {
    const home = new Home()
    t.teardown(() => home.remove())

    const outcome = await home.run('git-credential-bitbucket-oauth', args)

    t.is(outcome.code, code)
    t.regex(outcome[stream], expected)
    t.is(outcome[stream === 'stdout' ? 'stderr' : 'stdout'], '')
  })
}

test('typed by hand: an operation that there is not is silent for git, and named on a terminal', async (t) => {
  const home = new Home()
  t.teardown(() => home.remove())

  const piped = await home.run('git-credential-bitbucket-oauth', ['gte'], { input: '' })
  const typed = await home.run('script', ['-qec', 'git-credential-bitbucket-oauth gte', '/dev/null'], { input: '' })

  t.deepEqual(piped, { code: 0, stdout: '', stderr: '' })
  t.is(typed.code, 2)
  t.regex(typed.stdout, /: there is no command gte; did you mean get\?\r\nhint: /)
})

test('the package names all that is bundled in it, with a hash, and passes each license on', (t) => {
  const bill = readJSON('dist/sbom.cdx.json') as { components: Component[] }
  const lock = readJSON('package-lock.json') as { packages: Record<string, { version: string; integrity: string }> }
  const locked = new Set(
    Object.entries(lock.packages).map(([path, { version, integrity }]) => {
      const sha512 = Buffer.from((integrity ?? '').replace('sha512-', ''), 'base64').toString('hex')
      return `${path.replace(/^.*node_modules\//, '')}@${version} ${sha512}`
    }),
  )
  const texts = readFileSync(join(ROOT, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8')
  const bundled = bill.components.filter(({ scope }) => scope === 'required')
  const installed = bill.components.filter(({ scope }) => scope === 'optional')

  t.is(new Set(bill.components.map(({ name, version }) => `${name}@${version}`)).size, bill.components.length)
  for (const name of ['node-fetch', 'oauth4webapi', 'open', 'proper-lockfile', 'tar', 'yargs', 'data-uri-to-buffer']) {
    t.true(
      bundled.some((component) => component.name === name),
      name,
    )
  }
  for (const { name, version, hashes } of bill.components) {
    t.true(locked.has(`${name}@${version} ${hashes[0]?.content}`), name)
  }
  const sections = texts.split(/^(?=.* \(.*\)\n-+$)/m).slice(1)
  t.deepEqual(
    sections.map((section) => section.split(' ').slice(0, 2).join(' ')),
    bundled.map(({ name, version }) => `${name} ${version}`),
  )
  for (const section of sections) t.regex(section, /copyright .*\n[^]*(as is)/i, section.split('\n')[0])
  t.deepEqual(
    installed.map(({ name }) => name),
    ['@napi-rs/keyring'],
  )
})

test('the native library that npm installs beside the program is one version, and none that comes later', (t) => {
  const { dependencies, optionalDependencies } = readJSON('package.json') as Record<string, Record<string, string>>

  t.is(dependencies, undefined)
  for (const [name, range] of Object.entries(optionalDependencies ?? {})) t.regex(range, /^\d+\.\d+\.\d+$/, name)
  const library = readJSON('node_modules/@napi-rs/keyring/package.json') as Manifest
  for (const [name, range] of Object.entries(library.optionalDependencies)) t.is(range, library.version, name)
})

type Component = { name: string; version: string; scope: string; hashes: { content: string }[] }
type Manifest = { version: string; optionalDependencies: Record<string, string> }

function readJSON(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
}
