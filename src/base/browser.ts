import { delimiter } from 'node:path'
import open from 'open'
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
  if (chosen !== undefined) return (url) => launch(url, chosen)
  const isWindows = process.platform === 'win32' || env['WSL_DISTRO_NAME'] !== undefined
  if (process.platform === 'darwin' || isWindows) return (url) => launch(url)
  if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return undefined
  const opener = findProgram('xdg-open', env)
  return opener === undefined ? undefined : (url) => launch(url, opener)
}

/** The library detaches the launcher and gives it none of our streams: stdout is git's. */
async function launch(url: URL, program?: string): Promise<void> {
  // The library may look a program up by its name. It must not find one in the repository that git works in.
  process.env['PATH'] = absoluteEntries(process.env).join(delimiter)
  await open(url.href, program === undefined ? {} : { app: { name: program } })
}
