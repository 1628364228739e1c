import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter, join } from 'node:path'
import open from 'open'
import { childEnvironment } from './childEnvironment.ts'
import { absoluteEntries, findProgram } from './programs.ts'

/** Shows a URL to the user. Resolves when a browser was launched, and never waits for it to end. */
export type OpenBrowser = (url: URL) => Promise<void>

/**
 * The user's browser: the first program in `BROWSER` that exists, else the system's default.
 *
 * @returns undefined where no browser of the user's can be seen or found: without a screen, over SSH to macOS or Windows
 */
export function findBrowser(env: NodeJS.ProcessEnv, platform = process.platform): OpenBrowser | undefined {
  const named = (env['BROWSER'] ?? '').split(delimiter).filter((text) => text.trim() !== '')
  const chosen = named.map((text) => readCommand(text, env)).find((command) => command !== undefined)
  if (chosen !== undefined) return (url) => launch(chosen.program, chosen.args(url.href), env)
  if (!hasScreen(env, platform)) return undefined
  if (platform === 'win32') {
    // The library would do it by PowerShell with an encoded command, which is what virus scanners stop.
    const root = env['SystemRoot'] ?? env['SYSTEMROOT'] ?? 'C:/Windows'
    return (url) => launch(join(root, 'System32/rundll32.exe'), ['url.dll,FileProtocolHandler', url.href], env)
  }
  if (platform === 'darwin' || env['WSL_DISTRO_NAME'] !== undefined) return launchByLibrary
  const opener = findProgram('xdg-open', env)
  return opener === undefined ? undefined : (url) => launch(opener, [url.href], env)
}

type Command = { readonly program: string; readonly args: (address: string) => readonly string[] }

/**
 * A program of `BROWSER`, alone or with arguments. `%s` stands for the address, which else comes last; `%%` for one `%`. No shell
 * sees it.
 *
 * @returns undefined where there is no such program
 * @see https://man.archlinux.org/man/xdg-open.1
 * @see http://www.catb.org/~esr/BROWSER/
 */
function readCommand(text: string, env: NodeJS.ProcessEnv): Command | undefined {
  const whole = findProgram(text, env)
  if (whole !== undefined) return { program: whole, args: (address) => [address] }
  const [name = '', ...words] = text.trim().split(/\s+/)
  const program = findProgram(name, env)
  if (program === undefined) return undefined
  const args = (address: string): string[] =>
    words.map((word) => word.replaceAll(/%[%s]/g, (part) => (part === '%s' ? address : '%')))
  return { program, args: words.some((word) => word.includes('%s')) ? args : (address) => [...args(address), address] }
}

/** Windows names the session of a person who sits there, and none in a service, a scheduled task or over SSH. */
function hasScreen(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  const isRemote = Boolean(env['SSH_CONNECTION'])
  if (platform === 'win32') return !isRemote && Boolean(env['SESSIONNAME'])
  if (platform === 'darwin') return !isRemote
  return Boolean(env['DISPLAY'] || env['WAYLAND_DISPLAY'] || env['WSL_DISTRO_NAME'] !== undefined)
}

/** It gets none of our streams: stdout is git's. A program of its own finds none in the repository that git works in. */
async function launch(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const own = { ...childEnvironment(env, 'browser'), PATH: absoluteEntries(env).join(delimiter) }
  const child = spawn(program, args, { env: own, stdio: 'ignore', detached: true, windowsHide: true })
  await once(child, 'spawn')
  child.unref()
}

/** The library starts programs with the environment of this process, which is put back when they have started. */
async function launchByLibrary(url: URL): Promise<void> {
  const kept = { ...process.env }
  const own = childEnvironment(kept, 'browser')
  for (const name of Object.keys(kept)) if (!(name in own)) delete process.env[name]
  process.env['PATH'] = absoluteEntries(process.env).join(delimiter)
  try {
    await open(url.href)
  } finally {
    Object.assign(process.env, kept)
  }
}
