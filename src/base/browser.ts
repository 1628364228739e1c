import { delimiter } from 'node:path'
import open from 'open'
import { absoluteEntries, findProgram } from './programs.ts'

/** Shows a URL to the user; resolves once a browser was launched, and never waits for it to end. */
export type OpenBrowser = (url: URL) => Promise<void>

/**
 * The user's browser: the first program of `BROWSER` that is there, else the system's way.
 *
 * @returns undefined where there is none to open: a Linux machine without a screen, or without xdg-open
 */
export function findBrowser(env: NodeJS.ProcessEnv): OpenBrowser | undefined {
  const named = (env['BROWSER'] ?? '').split(delimiter).filter((name) => name !== '')
  const chosen = named.map((name) => findProgram(name, env)).find((path) => path !== undefined)
  if (chosen !== undefined) return (url) => launch(url, chosen)
  const isWindows = process.platform === 'win32' || env['WSL_DISTRO_NAME'] !== undefined
  if (process.platform === 'darwin' || isWindows) return (url) => launch(url)
  if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return undefined
  const opener = findProgram('xdg-open', env)
  return opener === undefined ? undefined : (url) => launch(url, opener)
}

/** The library detaches the launcher and gives it none of our streams: stdout is git's. */
async function launch(url: URL, program?: string): Promise<void> {
  // Where the library looks a program up by its name, it must not find one in the repository git stands in.
  process.env['PATH'] = absoluteEntries(process.env).join(delimiter)
  await open(url.href, program === undefined ? {} : { app: { name: program } })
}
