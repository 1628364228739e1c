import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { strip } from '../../scripts/typescript/strip.js'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Git } from './gits.ts'
import { walk } from './walk.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NAME = 'git-credential-bitbucket-oauth'

const CHROMIUM = fileURLToPath(new URL('../browsers/chromium.ts', import.meta.url))
const FOLLOWER = await strip(readFileSync(new URL('../browsers/follow.ts', import.meta.url), 'utf8'))

/** Shorter ones are found everywhere. */
const SHORTEST_SECRET = 20

/** The files that hold secrets for good: access tokens, logins, and the user's own configuration. */
const HOLDERS = new RegExp(`^(runtime/${NAME}/[^/]*|.local/share/${NAME}/logins/[^/]*|\\.gitconfig)$`)

export type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** A browser's program in test/browsers/. */
type Browser = 'chromium.ts' | 'follow.ts'

/**
 * A user's home directory with nothing of this machine's user in it, and the built helper on its PATH. What runs in it
 * sees no other environment than what is set here.
 */
export class Home {
  readonly path: string
  readonly env: Record<string, string> = {}
  /** All that was printed by what ran here, but for what git was answered. */
  readonly #printed: string[] = []

  /**
   * @param helper the program, if another one than the built one, or than the form that `HELPER` names
   * @param options.prefix what the directory's name begins with
   * @param options.git if another one than the system's
   */
  constructor(
    helper = process.env['HELPER'] ?? join(ROOT, 'dist/bin.cjs'),
    options: { prefix?: string; git?: Git } = {},
  ) {
    const { prefix = 'home-', git } = options
    if (!existsSync(helper)) throw new Error(`${helper} is missing: run "npm run build" first`)
    this.path = mkdtempSync(join(tmpdir(), prefix))
    for (const name of ['bin', 'runtime', 'work']) mkdirSync(join(this.path, name), { mode: 0o700 })
    symlinkSync(helper, join(this.path, 'bin', NAME))
    Object.assign(this.env, {
      HOME: this.path,
      PATH: [join(this.path, 'bin'), git?.directory, process.env['PATH']]
        .filter((part) => part !== undefined)
        .join(':'),
      XDG_RUNTIME_DIR: join(this.path, 'runtime'),
      GIT_CONFIG_NOSYSTEM: '1',
      LANG: 'C.UTF-8',
    })
    this.configure({ 'user.name': 'Sandbox', 'user.email': 'sandbox@localhost' })
    this.forbidBrowser()
  }

  /** Adds lines to the global git configuration; keys as in `git config`. */
  configure(settings: Readonly<Record<string, string>>): void {
    addSettings(join(this.path, '.gitconfig'), settings)
  }

  /**
   * What a user types once, with the sandbox's endpoints in the place of Bitbucket's.
   *
   * @param url whose logins the sandbox shall do, if another than its own
   */
  configureFor(sandbox: Sandbox, url = sandbox.origin): void {
    this.trust(sandbox)
    this.configure({ 'credential.helper': 'bitbucket-oauth', ...consumerSettings(sandbox, url) })
    this.pointTo(sandbox, url)
  }

  /** What a user has whose company's certificates are its own. */
  trust({ certificate }: Sandbox): void {
    if (certificate === undefined) return
    writeFileSync(join(this.path, 'ca.pem'), certificate)
    this.configure({ 'http.sslCAInfo': join(this.path, 'ca.pem') })
  }

  /** The sandbox's endpoints in the place of those of a URL, and nothing of a consumer. */
  pointTo(sandbox: Sandbox, url: string): void {
    this.configure(endpointSettings(sandbox, url))
  }

  /**
   * A browser that does what a user would: logs in as alice and grants access, or cancels.
   *
   * @param after the file that the user waits for, if so
   */
  useBrowser(browser: Browser, decision: 'grant' | 'cancel' = 'grant', after?: string): void {
    rmSync(join(this.path, 'browser.json'), { force: true })
    const program =
      browser === 'follow.ts' ? this.#layFollower() : `--import=./scripts/typescript/register.js ${quote(CHROMIUM)}`
    const wait = after === undefined ? '' : `while [ ! -e ${quote(after)} ]; do sleep 0.1; done\n`
    // Chromium unpacks itself into the directory for temporary files: here, so that it goes with the home.
    const environment = `TMPDIR=${this.#quotePath('tmp')} NODE_NO_WARNINGS=1`
    // With certificates Node reads all that it knows at its start, which takes longer than the start.
    const certificates = `[ ! -e ${this.#quotePath('ca.pem')} ] || export NODE_EXTRA_CA_CERTS=${this.#quotePath('ca.pem')}`
    this.#setBrowser(`${wait}mkdir -p ${this.#quotePath('tmp')}
cd ${quote(ROOT)}
${certificates}
${environment} exec ${quote(process.execPath)} ${program} "$1" ${decision} ${this.#quotePath('browser.json')} > ${this.#quotePath('browser.err')} 2>&1`)
  }

  /** Most tests log in with it: without its types it needs no loader, which would take longer than the login. */
  #layFollower(): string {
    const path = join(this.path, 'follow.mjs')
    writeFileSync(path, FOLLOWER)
    return quote(path)
  }

  /** A browser that must not be opened; {@link openedUrls} tells whether it was. */
  forbidBrowser(): void {
    this.#setBrowser('exit 1')
  }

  /** A browser that opens and where nobody does anything. */
  useAbsentUser(): void {
    this.#setBrowser('exit 0')
  }

  /** The browser of whoever runs this, with their own home. */
  useOwnBrowser(): void {
    for (const name of ['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'DBUS_SESSION_BUS_ADDRESS']) {
      const value = process.env[name]
      if (value !== undefined) this.env[name] = value
    }
    const opener = process.env['BROWSER'] ?? (process.platform === 'darwin' ? 'open' : 'xdg-open')
    this.#setBrowser(`HOME='${process.env['HOME']}' exec ${opener} "$1"`)
  }

  #quotePath(name: string): string {
    return quote(join(this.path, name))
  }

  #setBrowser(command: string): void {
    const path = join(this.path, 'bin', 'browser')
    writeFileSync(
      path,
      `#!/bin/sh
# What sets the helper's clock is no business of the browser's.
unset LD_PRELOAD
printf '%s\\n' "$1" >> ${this.#quotePath('opened')}
(
${command}
)
printf 'closed\\n' >> ${this.#quotePath('closed')}
`,
      { mode: 0o700 },
    )
    this.env['BROWSER'] = path
  }

  /** Every URL that a browser was opened with, oldest first. */
  openedUrls(): string[] {
    return this.#readLines('opened')
  }

  #readLines(name: string): string[] {
    const log = join(this.path, name)
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
  }

  /** What a browser said of its own troubles. */
  browserErrors(): string {
    return this.#readLines('browser.err').join('\n')
  }

  /** What the browser showed last; it is launched without being waited for, so it may need a moment more. */
  async shownPage(): Promise<{ title: string; text: string }> {
    return (await this.#fromBrowser('browser.json')) as { title: string; text: string }
  }

  /** What a person read in the browser who made the consumer there. */
  async madeConsumer(): Promise<{ key: string; secret: string }> {
    return (await this.#fromBrowser('tmp/consumer.json')) as { key: string; secret: string }
  }

  async #fromBrowser(name: string): Promise<unknown> {
    const path = join(this.path, name)
    for (let look = 0; look < 1800 && !existsSync(path); look++) await sleep(50)
    return JSON.parse(readFileSync(path, 'utf8')) as unknown
  }

  async run(
    command: string,
    args: readonly string[],
    options: { input?: string | Buffer; cwd?: string } = {},
  ): Promise<Outcome> {
    const child = spawn(command, args, {
      cwd: options.cwd ?? join(this.path, 'work'),
      env: this.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    // A helper that has nothing to do may exit before it has read.
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input)
    const [code] = (await once(child, 'close')) as [number | null]
    // What is asked for by `token` is no leak either.
    if (args[0] === 'token') this.#printed.push(stderr)
    else this.#printed.push(stderr, stdout.replaceAll(/^(password|credential)=.*$/gm, ''))
    return { code, stdout, stderr }
  }

  /** What was printed by something that {@link run} did not run: it counts in {@link findLeaks}. */
  noteOutput(text: string): void {
    this.#printed.push(text)
  }

  git(...args: readonly string[]): Promise<Outcome> {
    return this.run('git', args)
  }

  /** One call of the helper by git. */
  helper(operation: string, input: string | Buffer): Promise<Outcome> {
    return this.run(NAME, [operation], { input })
  }

  /** From now on git notes what it runs; {@link helperCalls} tells. */
  watchHelper(): void {
    this.env['GIT_TRACE'] = join(this.path, 'trace')
  }

  /** The operations that git has called the helper with since the last look. */
  helperCalls(): string[] {
    const calls = this.#readLines('trace').map(
      (line) => /exec: '?git-credential-bitbucket-oauth '?(\w+)/.exec(line)?.[1],
    )
    rmSync(join(this.path, 'trace'), { force: true })
    return calls.filter((operation) => operation !== undefined)
  }

  /** Where access tokens lie. */
  get runtime(): string {
    return join(this.path, 'runtime', NAME)
  }

  /** Where refresh tokens lie. */
  get data(): string {
    return join(this.path, '.local/share', NAME, 'logins')
  }

  /** The stored record of an account, by its URL. */
  record(directory: string, origin: string): Record<string, unknown> {
    return JSON.parse(readFileSync(this.recordPath(directory, origin), 'utf8')) as Record<string, unknown>
  }

  recordPath(directory: string, origin: string): string {
    return join(directory, `${encodeURIComponent(origin)}.json`)
  }

  /** Lets time pass for the stored access token: it will end in so many seconds, or ended as long ago. */
  expire(origin: string, secondsLeft = -10): void {
    const path = this.recordPath(this.runtime, origin)
    const record = this.record(this.runtime, origin)
    const expiresAt = Math.floor(Date.now() / 1000) + secondsLeft
    writeFileSync(path, JSON.stringify({ ...record, obtainedAt: expiresAt - 7200, expiresAt }))
  }

  files(directory: string): string[] {
    return existsSync(directory) ? readdirSync(directory).toSorted() : []
  }

  /** The files that hold a text, by their paths. */
  findFiles(text: string): string[] {
    return [...walk(this.path)]
      .filter(({ content }) => content?.includes(text) ?? false)
      .map(({ name }) => join(this.path, name))
  }

  /**
   * Where secrets are that should not be there: in words printed, in file names, in files other than those that hold
   * them for good. A place for each, and no secret.
   */
  findLeaks(secrets: ReadonlySet<string>): string[] {
    const sought = [...secrets].filter((secret) => secret.length >= SHORTEST_SECRET)
    const isSecret = (text: string): boolean => sought.some((secret) => text.includes(secret))
    const leaks = this.#printed.some(isSecret) ? ['printed words'] : []
    // A browser remembers where it was; what a test lays there itself is no leak of the helper's.
    for (const { name, content } of walk(this.path, ['tmp'])) {
      if (isSecret(name)) leaks.push('a file name')
      if (content !== undefined && !HOLDERS.test(name) && isSecret(content)) leaks.push(name)
    }
    return leaks
  }

  /** Removes it, once the browsers are closed: nobody waits for them otherwise. */
  async remove(): Promise<void> {
    for (let look = 0; look < 1200 && this.#readLines('closed').length < this.openedUrls().length; look++)
      await sleep(50)
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Adds lines to a file of git's configuration; keys as in `git config`. */
export function addSettings(file: string, settings: Readonly<Record<string, string>>): void {
  const lines = Object.entries(settings).map(([key, value]) => {
    const [, section, subsection, name] = /^([^.]+)\.(?:(.*)\.)?([^.]+)$/.exec(key) ?? []
    return `[${section}${subsection === undefined ? '' : ` "${subsection}"`}]\n\t${name} = "${value}"\n`
  })
  writeFileSync(file, (existsSync(file) ? readFileSync(file, 'utf8') : '') + lines.join(''))
}

/** The consumer that a user has made at the sandbox. */
export function consumerSettings({ oauth: { consumer } }: Sandbox, url: string): Record<string, string> {
  return {
    [`credential.${url}.oauthClientId`]: consumer.key,
    [`credential.${url}.oauthClientSecret`]: consumer.secret,
  }
}

/** The sandbox's endpoints in the place of those of a URL. */
export function endpointSettings({ origin, oauth: { consumer } }: Sandbox, url: string): Record<string, string> {
  return {
    [`credential.${url}.oauthAuthURL`]: `${origin}/site/oauth2/authorize`,
    [`credential.${url}.oauthTokenURL`]: `${origin}/site/oauth2/access_token`,
    [`credential.${url}.oauthApiURL`]: origin,
    [`credential.${url}.oauthRedirectURL`]: consumer.callback,
    // A login that hangs shall fail its test rather than outlast it.
    [`credential.${url}.oauthLoginTimeout`]: '60',
  }
}

/** A word for the shell, whatever is in it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** The address of the authorization endpoint that a login prints, for a browser that is opened by hand. */
export function printedAddress(stderr: string): string {
  return /^git-credential-bitbucket-oauth: (https?:\/\/\S+)$/m.exec(stderr)?.[1] ?? ''
}
