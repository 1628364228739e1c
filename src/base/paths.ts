import { statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { Failure, isFailure } from './failure.ts'
import { PROGRAM } from './program.ts'

/**
 * The directory of the access tokens, which may be lost at a reboot. It is in `XDG_RUNTIME_DIR` (on most Linux systems a
 * RAM disk of the user's) where that is set and belongs to the user, else in the platform's cache.
 *
 * @throws Failure where no place is known
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export async function findRuntimeDirectory(env: NodeJS.ProcessEnv): Promise<string> {
  const runtime = env['XDG_RUNTIME_DIR']
  if (runtime !== undefined && isOwn(runtime)) return `${runtime}/${PROGRAM}`
  const cache = findCache(env)
  return cache !== undefined && isAbsolute(cache) ? cache : (await findPlaces()).cache
}

/**
 * The directory of the refresh tokens, which must last.
 *
 * @throws Failure where no place is known
 */
export async function findDataDirectory(): Promise<string> {
  // A directory of its own, because all XDG variables may name the same one, and the access tokens are in that.
  return join((await findPlaces()).data, 'logins')
}

/**
 * Whether the path is absolute and belongs to the user, as the specification demands. A relative path would depend on the
 * repository that git works in. After `su` the directory belongs to another user.
 */
function isOwn(path: string): boolean {
  try {
    return isAbsolute(path) && statSync(path).uid === process.getuid?.()
  } catch {
    // It does not exist, or we may not look at it.
    return false
  }
}

/**
 * The platform's cache by the variables alone, as the library of places.ts has it: that one costs the cached path a third of Node's
 * own start where it is loaded.
 *
 * @returns undefined where they do not tell
 */
export function findCache(env: NodeJS.ProcessEnv, platform = process.platform): string | undefined {
  const { HOME, XDG_CACHE_HOME, LOCALAPPDATA } = env
  if (platform === 'win32') return LOCALAPPDATA && `${LOCALAPPDATA}\\${PROGRAM}\\Cache`
  if (platform === 'darwin') return HOME && `${HOME}/Library/Caches/${PROGRAM}`
  const cache = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
  return cache && `${cache}/${PROGRAM}`
}

async function findPlaces(): Promise<{ readonly data: string; readonly cache: string }> {
  try {
    return (await import('./places.ts')).findPlaces()
  } catch (cause) {
    if (isFailure(cause)) throw cause
    throw new Failure('no home directory is known, so there is no place for a token', {
      hints: [
        'set HOME to a directory of your own',
        'or keep nothing, on a machine with oauthGrant=client_credentials: oauthStore has to be none',
      ],
      cause,
    })
  }
}
