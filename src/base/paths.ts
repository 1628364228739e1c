import { statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { Failure } from './failure.ts'
import { PROGRAM } from './program.ts'

/**
 * Where access tokens lie, which may be lost at a reboot: in `XDG_RUNTIME_DIR` (a RAM disk of the user's on most Linux
 * systems) where it is set and the user's own, else in the platform's cache.
 *
 * @throws Failure where no place is known
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export async function findRuntimeDirectory(env: NodeJS.ProcessEnv): Promise<string> {
  const runtime = env['XDG_RUNTIME_DIR']
  return runtime !== undefined && isOwn(runtime) ? `${runtime}/${PROGRAM}` : (await findPlaces()).cache
}

/**
 * Where refresh tokens lie, which must last.
 *
 * @throws Failure where no place is known
 */
export async function findDataDirectory(): Promise<string> {
  // Not the place itself, which may be that of the access tokens as well, where all XDG variables name one directory.
  return join((await findPlaces()).data, 'logins')
}

/**
 * As the specification has it: absolute, for a relative path would depend on the repository git stands in; and the
 * user's, which it is not after `su`.
 */
function isOwn(path: string): boolean {
  try {
    return isAbsolute(path) && statSync(path).uid === process.getuid?.()
  } catch {
    // Not there, or not for us to look at.
    return false
  }
}

/** Asked when needed: where XDG_RUNTIME_DIR is set, the cached path goes without it. */
async function findPlaces(): Promise<{ data: string; cache: string }> {
  try {
    const { default: envPaths } = await import('env-paths')
    const places = envPaths(PROGRAM, { suffix: '' })
    // A relative place would be in the repository git stands in, which may be anybody's.
    if (isAbsolute(places.data) && isAbsolute(places.cache)) return places
  } catch (cause) {
    throw new Failure('no home directory is known, so there is no place for a token', {
      hints: ['set HOME to a directory of your own'],
      cause,
    })
  }
  throw new Failure('HOME, XDG_DATA_HOME or XDG_CACHE_HOME is not an absolute path, so tokens have no place', {
    hints: ['set HOME to a directory of your own'],
  })
}
