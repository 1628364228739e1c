import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isFixed } from './fixedPath.ts'

/**
 * The absolute path of a program. Relative entries of PATH are ignored: git runs us inside a repository, and anybody may
 * have put a program there (GO-2022-0395, CVE-2025-46334).
 *
 * @param name a program's name, or its absolute path
 * @param names the names of its file; by default those that Node can start
 * @returns undefined where there is no such program
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv, names = programNames(name)): string | undefined {
  const directories = isFixed(name) ? [''] : absoluteEntries(env)
  return directories.flatMap((directory) => names.map((file) => join(directory, file))).find((path) => isProgram(path))
}

/**
 * How a program's file may be named. On Windows Node starts no `.cmd` and no `.bat` without a shell.
 *
 * @see https://nodejs.org/api/child_process.html#spawning-bat-and-cmd-files-on-windows
 */
export function programNames(name: string, platform = process.platform): string[] {
  return platform === 'win32' && !/\.(exe|com)$/i.test(name) ? [`${name}.exe`] : [name]
}

/** Finds what git starts by its name: on Windows it does so through a shell, which takes npm's script without an ending. */
export function findHelper(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return findProgram(name, env, [...new Set([...programNames(name), name])])
}

/** The entries of PATH that name the same directory in every working directory. */
export function absoluteEntries(env: NodeJS.ProcessEnv): string[] {
  return readSearchPath(env)
    .split(delimiter)
    .filter((entry) => isFixed(entry))
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

/** Whether a path is a file that this user may run. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
