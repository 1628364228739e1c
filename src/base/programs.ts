import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/**
 * The absolute path of a program. Relative entries of PATH are ignored: git runs us inside a repository, and anybody may
 * have put a program there (GO-2022-0395, CVE-2025-46334).
 *
 * @param name a program's name, or its absolute path
 * @returns undefined where there is no such program
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : ['']
  const directories = isAbsolute(name) ? [''] : absoluteEntries(env)
  return directories
    .flatMap((directory) => endings.map((ending) => join(directory, name + ending)))
    .find((path) => isProgram(path))
}

/** The entries of PATH that name the same directory in every working directory. */
export function absoluteEntries(env: NodeJS.ProcessEnv): string[] {
  return readSearchPath(env)
    .split(delimiter)
    .filter((entry) => isAbsolute(entry))
}

/**
 * PATH as it stands. Windows calls it `Path`: only process.env itself finds that without case, and no copy of it does. Of
 * two spellings the first in order counts, as for a child of Node.
 *
 * @see https://nodejs.org/api/child_process.html#child_processspawncommand-args-options
 */
export function readSearchPath(env: NodeJS.ProcessEnv): string {
  if (process.platform !== 'win32') return env['PATH'] ?? ''
  const [name] = Object.keys(env)
    .filter((key) => key.toUpperCase() === 'PATH')
    .toSorted()
  return (name === undefined ? undefined : env[name]) ?? ''
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
