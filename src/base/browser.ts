import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter } from 'node:path'
import open from 'open'
import { childEnvironment } from './childEnvironment.ts'
import { absoluteEntries, findProgram } from './programs.ts'

/** Shows a URL to the user. Resolves when a browser was launched, and never waits for it to end. */
export type OpenBrowser = (url: URL) => Promise<void>

/**
 * The user's browser: the first program in `BROWSER` that exists, else the system's default.
 *
 * @returns undefined on a Linux machine without a screen or without xdg-open
 */
export function findBrowser(env: NodeJS.ProcessEnv): OpenBrowser | undefined {
  const named = (env['BROWSER'] ?? '').split(delimiter).filter((name) => name !== '')
  const chosen = named.map((name) => findProgram(name, env)).find((path) => path !== undefined)
  if (chosen !== undefined) {
    // There, a .cmd can be started only by a shell, which the library brings.
    return process.platform === 'win32' ? (url) => launchByLibrary(url, chosen) : (url) => launch(url, chosen, env)
  }
  const isWindows = process.platform === 'win32' || env['WSL_DISTRO_NAME'] !== undefined
  if (process.platform === 'darwin' || isWindows) return (url) => launchByLibrary(url)
  if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return undefined
  const opener = findProgram('xdg-open', env)
  return opener === undefined ? undefined : (url) => launch(url, opener, env)
}

/** It gets none of our streams: stdout is git's. A program of its own finds none in the repository that git works in. */
async function launch(url: URL, program: string, env: NodeJS.ProcessEnv): Promise<void> {
  const own = { ...childEnvironment(env, 'browser'), PATH: absoluteEntries(env).join(delimiter) }
  const child = spawn(program, [url.href], { env: own, stdio: 'ignore', detached: true })
  await once(child, 'spawn')
  child.unref()
}

/** The library starts programs with the environment of this process, which is put back when they have started. */
async function launchByLibrary(url: URL, program?: string): Promise<void> {
  const kept = { ...process.env }
  const own = childEnvironment(kept, 'browser')
  for (const name of Object.keys(kept)) if (!(name in own)) delete process.env[name]
  process.env['PATH'] = absoluteEntries(process.env).join(delimiter)
  try {
    await open(url.href, program === undefined ? {} : { app: { name: program } })
  } finally {
    Object.assign(process.env, kept)
  }
}
