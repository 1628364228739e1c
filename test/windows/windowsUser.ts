import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import { addSettings, consumerSettings, endpointSettings, type Outcome } from '../helpers/home.ts'
import { freePort } from '../helpers/ports.ts'
import { Terminal } from '../helpers/terminal.ts'
import { Sandbox } from '../sandbox/sandbox.ts'

const NAME = 'git-credential-bitbucket-oauth'

/** A command on Windows, with the whole path of its program. */
export type Call = { readonly program: string; readonly args: readonly string[]; readonly input?: string }

export type WindowsOutcome = Outcome & { readonly milliseconds: number }

export const NODE = String.raw`C:\npm\node.exe`
const BIN = String.raw`C:\npm\node_modules\git-credential-bitbucket-oauth\dist\bin.cjs`
/** The native front, as npm lays it. */
export const FRONT = String.raw`C:\npm\node_modules\@git-credential-bitbucket-oauth\win32-x64\front.exe`
const GIT = String.raw`C:\Program Files\Git\mingw64\bin\git.exe`

/** A user of the Windows that scripts/testWindows.sh has laid, with a home of their own, and what cmd sets in its environment. */
export class WindowsUser {
  /** As Linux sees it. */
  readonly path: string
  readonly env: Record<string, string>
  readonly #drive: string

  constructor(name = `user ${randomUUID().slice(0, 8)}`) {
    const { WINEPREFIX } = process.env
    if (WINEPREFIX === undefined || !existsSync(join(WINEPREFIX, 'drive_c/npm/node.exe'))) {
      throw new Error('there is no Windows to test on: npm run test:windows')
    }
    this.#drive = join(WINEPREFIX, 'drive_c')
    this.path = join(this.#drive, 'homes', name)
    for (const part of ['work', 'Temp', 'AppData/Local', 'AppData/Roaming'])
      mkdirSync(join(this.path, part), { recursive: true })
    const profile = String.raw`C:\homes` + `\\${name}`
    this.env = {
      SystemRoot: String.raw`C:\windows`,
      SystemDrive: 'C:',
      ComSpec: String.raw`C:\windows\system32\cmd.exe`,
      PATHEXT: '.COM;.EXE;.BAT;.CMD',
      // So it is called in cmd and PowerShell.
      Path: [
        String.raw`C:\windows\system32`,
        String.raw`C:\Program Files\Git\mingw64\bin`,
        String.raw`C:\Program Files\Git\usr\bin`,
        String.raw`C:\npm`,
      ].join(';'),
      USERPROFILE: profile,
      HOMEDRIVE: 'Z:',
      HOMEPATH: String.raw`\no such network drive`,
      LOCALAPPDATA: String.raw`${profile}\AppData\Local`,
      APPDATA: String.raw`${profile}\AppData\Roaming`,
      TEMP: String.raw`${profile}\Temp`,
      TMP: String.raw`${profile}\Temp`,
      SESSIONNAME: 'Console',
      GIT_CONFIG_NOSYSTEM: '1',
    }
  }

  configure(settings: Readonly<Record<string, string>>): void {
    addSettings(join(this.path, '.gitconfig'), settings)
  }

  /** Runs some commands at once, in the directory `work`. */
  async run(...calls: readonly Call[]): Promise<WindowsOutcome[]> {
    const file = this.#writeOrder({ calls })
    const child = spawn('wine', [NODE, String.raw`C:\npm\runner.cjs`, this.#nameOf(file)], {
      stdio: 'ignore',
      cwd: this.#drive,
    })
    await once(child, 'close')
    const outcomes = JSON.parse(readFileSync(`${file}.done`, 'utf8')) as WindowsOutcome[]
    rmSync(file)
    rmSync(`${file}.done`)
    return outcomes
  }

  /** A terminal with one command of ours in it: a console of Windows to the command, by Wine. */
  open(t: ExecutionContext, ...args: readonly string[]): Terminal {
    const file = this.#writeOrder({ call: { program: NODE, args: [BIN, ...args] } })
    const { PATH = '', WINEPREFIX = '', WINEDEBUG = '' } = process.env
    const person = { path: this.path, env: { PATH, WINEPREFIX, WINEDEBUG }, noteOutput: () => {} }
    return Terminal.open(t, person, ['wine', NODE, String.raw`C:\npm\terminal.cjs`, this.#nameOf(file)])
  }

  #writeOrder(order: object): string {
    const file = join(this.path, 'Temp', `${randomUUID()}.json`)
    writeFileSync(file, JSON.stringify({ env: this.env, cwd: `${this.env['USERPROFILE']}\\work`, ...order }))
    return file
  }

  #nameOf(file: string): string {
    return `C:${file.slice(this.#drive.length).replaceAll('/', '\\')}`
  }

  /** One command of ours, as npm's script starts it. */
  async command(...args: readonly string[]): Promise<WindowsOutcome> {
    return one(await this.run({ program: NODE, args: [BIN, ...args] }))
  }

  helperCall(operation: string, input: string): Call {
    return { program: NODE, args: [BIN, operation], input }
  }

  async helper(operation: string, input: string): Promise<WindowsOutcome> {
    return one(await this.run(this.helperCall(operation, input)))
  }

  async git(args: readonly string[], input = ''): Promise<WindowsOutcome> {
    return one(await this.run({ program: GIT, args, input }))
  }

  /** Where access tokens lie. */
  get cache(): string {
    return join(this.path, 'AppData/Local', NAME, 'Cache')
  }

  /** Where refresh tokens lie. */
  get data(): string {
    return join(this.path, 'AppData/Local', NAME, 'Data/logins')
  }

  record(directory: string, origin: string): Record<string, unknown> {
    return JSON.parse(readFileSync(this.recordPath(directory, origin), 'utf8')) as Record<string, unknown>
  }

  recordPath(directory: string, origin: string): string {
    return join(directory, `${encodeURIComponent(origin)}.json`)
  }

  /** Lets time pass for the stored access token: it will end in so many seconds, or ended as long ago. */
  expire(origin: string, secondsLeft = -10): void {
    const expiresAt = Math.floor(Date.now() / 1000) + secondsLeft
    const record = { ...this.record(this.cache, origin), obtainedAt: expiresAt - 7200, expiresAt }
    writeFileSync(this.recordPath(this.cache, origin), JSON.stringify(record))
  }

  files(directory: string): string[] {
    return existsSync(directory) ? readdirSync(directory).toSorted() : []
  }
}

/** From now on nobody does anything in the browser that Windows opens, until the test has ended. */
export function sendPersonAway(t: ExecutionContext): void {
  const mark = join(process.env['WINEPREFIX'] ?? '', '../away')
  writeFileSync(mark, '')
  t.teardown(() => rmSync(mark))
}

/** The addresses that Wine's browser was opened with so far. */
export function openedUrls(): string[] {
  const log = join(process.env['WINEPREFIX'] ?? '', '../opened')
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
}

/** Resolves when Wine's browser was opened more often than that. */
export async function browserOpened(before: number): Promise<void> {
  while (openedUrls().length <= before) await sleep(50)
}

function one(outcomes: readonly WindowsOutcome[]): WindowsOutcome {
  const [outcome] = outcomes
  if (outcome === undefined) throw new Error('the runner gave no outcome')
  return outcome
}

/** A user on Windows with the helper configured, and a Bitbucket with a private repository. */
export async function makeWindowsUser(
  t: ExecutionContext,
  { store = 'file', name }: { store?: 'auto' | 'file' | 'keyring'; name?: string } = {},
): Promise<{ user: WindowsUser; sandbox: Sandbox }> {
  const sandbox = await Sandbox.start(`http://localhost:${await freePort()}`)
  t.teardown(() => sandbox.stop())
  const user = new WindowsUser(name)
  t.teardown(() => rmSync(user.path, { recursive: true, force: true }))
  const { origin } = sandbox
  user.configure({
    'credential.helper': 'bitbucket-oauth',
    [`credential.${origin}.oauthStore`]: store,
    ...consumerSettings(sandbox, origin),
    ...endpointSettings(sandbox, origin),
  })
  return { user, sandbox }
}

/** As {@link makeWindowsUser}, after a login in the browser. */
export async function makeLoggedInWindowsUser(
  t: ExecutionContext,
  options: { store?: 'auto' | 'file' | 'keyring'; name?: string } = {},
): Promise<{ user: WindowsUser; sandbox: Sandbox }> {
  const made = await makeWindowsUser(t, options)
  const { code, stderr } = await made.user.command('login', made.sandbox.origin)
  t.is(code, 0, stderr)
  made.sandbox.oauth.tokenRequests.length = 0
  return made
}
