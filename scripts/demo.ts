/**
 * The whole way, shown on this machine: a stand-in for Bitbucket on the loopback interface, the helper installed from
 * its package, a real git, a real browser. Everything lies in one directory for temporary files, and goes with it.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Home, type Outcome } from '../test/helpers/home.ts'
import { freePort } from '../test/helpers/ports.ts'
import { USER } from '../test/sandbox/oauth.ts'
import { Sandbox } from '../test/sandbox/sandbox.ts'

/** The helper renews a token with less than 300 seconds left, one that lives as short as this in its second half. Seconds. */
const TOKEN_LIFETIME = 16

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const started = performance.now()
const undo: (() => Promise<void> | void)[] = []
let steps = 0

process.once('SIGINT', () => void finish(130))
process.once('SIGTERM', () => void finish(143))
try {
  await demonstrate()
  await finish(0)
} catch (error) {
  console.error(`\nThe demonstration failed: ${error instanceof Error ? error.message : String(error)}`)
  await finish(1)
}

async function demonstrate(): Promise<void> {
  const sandbox = await step('Start a stand-in for Bitbucket: an OAuth server and a private repository', async () => {
    const running = await Sandbox.start(`http://localhost:${await freePort()}`)
    undo.push(() => running.stop())
    running.oauth.settings.accessTokenLifetime = TOKEN_LIFETIME
    return running
  })
  const { tokenRequests } = sandbox.oauth
  const url = sandbox.repository('widgets')

  const home = await step('Install the helper from its package, and configure git', async () => {
    const installed = new Home(install())
    undo.push(() => installed.remove())
    installed.configureFor(sandbox)
    return installed
  })

  const hasScreen = process.platform === 'darwin' || !!process.env['DISPLAY'] || !!process.env['WAYLAND_DISPLAY']
  // A person needs longer than a program.
  home.configure({ [`credential.${sandbox.origin}.oauthLoginTimeout`]: '300' })
  if (hasScreen) home.useOwnBrowser()
  else home.useBrowser('chromium.ts')
  if (hasScreen)
    note(`your browser opens: log in as ${USER.name} with the password "${USER.password}", and grant access`)
  await git(home, 'Clone: no token yet, so the browser opens, once', ['clone', url, 'widgets'])
  expect(tokenRequests.splice(0), ['authorization_code 200'])
  if (!hasScreen) note(`the browser showed: ${(await home.shownPage()).title}`)
  const tokenSince = performance.now()

  home.forbidBrowser()
  await git(home, 'Fetch: from the cached token', ['-C', 'widgets', 'fetch'])
  expect(tokenRequests.splice(0), [])

  const wait = tokenSince + (TOKEN_LIFETIME / 2 + 1) * 1000 - performance.now()
  await step(
    `Wait until the token ends (it lives ${TOKEN_LIFETIME} s here, and is renewed in the second half of them)`,
    () => sleep(Math.max(0, wait)),
  )
  await git(home, 'Fetch: the token is refreshed, without a browser', ['-C', 'widgets', 'fetch'])
  expect(tokenRequests.splice(0), ['refresh_token 200'])

  writeFileSync(join(home.path, 'work/widgets/news'), 'news\n')
  await expectSuccess(home.git('-C', 'widgets', 'add', 'news'))
  await expectSuccess(home.git('-C', 'widgets', 'commit', '--quiet', '--message', 'Add news'))
  await git(home, 'Push', ['-C', 'widgets', 'push'])
  await git(home, 'Clone again', ['clone', url, 'again'])
  expect(tokenRequests.splice(0), [])
  const { stdout } = await expectSuccess(home.git('-C', 'again', 'log', '--format=%s', '-1'))
  if (stdout !== 'Add news\n') throw new Error('what was pushed did not come back')
  if (home.openedUrls().length !== 1) throw new Error(`the browser opened ${home.openedUrls().length} times`)
  console.log(`\nOne login, one refresh, ${sandbox.git.requests.length} requests by git, all in ${since(started)}.`)
}

/** Packs this checkout and installs it with npm, without a network. @returns the installed program */
function install(): string {
  const prefix = mkdtempSync(join(tmpdir(), 'demo-'))
  undo.push(() => rmSync(prefix, { recursive: true, force: true }))
  const tarball = npm('pack', '--ignore-scripts', '--pack-destination', prefix).trim()
  npm('install', '--global', '--offline', '--prefix', prefix, join(prefix, tarball))
  return join(prefix, 'bin/git-credential-bitbucket-oauth')
}

function npm(...args: readonly string[]): string {
  return execFileSync('npm', [...args, '--silent'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function git(home: Home, title: string, args: readonly string[]): Promise<void> {
  await step(title, async () => {
    console.log(`     $ git ${args.join(' ')}`)
    const { stderr } = await expectSuccess(home.git(...args))
    for (const line of stderr.split('\n')) if (line !== '') note(line)
  })
}

async function step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
  steps += 1
  console.log(`\n${String(steps).padStart(2)}. ${title}`)
  const start = performance.now()
  const result = await work()
  console.log(`     done in ${since(start)}`)
  return result
}

function note(text: string): void {
  console.log(`       ${text}`)
}

function since(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(2)} s`
}

async function expectSuccess(running: Promise<Outcome>): Promise<Outcome> {
  const outcome = await running
  if (outcome.code !== 0) throw new Error(`git ended with ${outcome.code}:\n${outcome.stderr}`)
  return outcome
}

function expect(requests: readonly { grantType: string; status: number }[], expected: readonly string[]): void {
  const seen = requests.map(({ grantType, status }) => `${grantType} ${status}`)
  note(`requests to the token endpoint: ${seen.join(', ') || 'none'}`)
  if (seen.join() !== expected.join()) throw new Error(`expected ${expected.join(', ') || 'none'}`)
}

async function finish(code: number): Promise<void> {
  for (const work of undo.toReversed()) await work()
  process.exit(code)
}
