import { statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { Failure } from './failure.ts'
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
  return runtime !== undefined && isOwn(runtime) ? `${runtime}/${PROGRAM}` : (await findPlaces()).cache
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

/** Loaded when it is needed: where XDG_RUNTIME_DIR is set, the cached path does without the library. */
async function findPlaces(): Promise<{ data: string; cache: string }> {
  try {
    const { default: envPaths } = await import('env-paths')
    const places = envPaths(PROGRAM, { suffix: '' })
    // A relative path would lie in the repository that git works in, and anybody may have written that.
    if (isAbsolute(places.data) && isAbsolute(places.cache)) return places
  } catch (cause) {
    throw new Failure('no home directory is known, so there is no place for a token', {
      hints: [
        'set HOME to a directory of your own',
        'or keep nothing, on a machine with oauthGrant=client_credentials: oauthStore has to be none',
      ],
      cause,
    })
  }
  throw new Failure('HOME, XDG_DATA_HOME or XDG_CACHE_HOME is not an absolute path, so tokens have no place', {
    hints: ['set HOME to a directory of your own'],
  })
}
