import envPaths from 'env-paths'
import { isAbsolute } from 'node:path'
import { Failure } from './failure.ts'
import { PROGRAM } from './program.ts'

/**
 * The platform's directories for what lasts and for what may be lost.
 *
 * @throws Failure where no place is known
 */
export function findPlaces(): { readonly data: string; readonly cache: string } {
  const places = envPaths(PROGRAM, { suffix: '' })
  // A relative path would lie in the repository that git works in, and anybody may have written that.
  if (isAbsolute(places.data) && isAbsolute(places.cache)) return places
  throw new Failure('HOME, XDG_DATA_HOME or XDG_CACHE_HOME is not an absolute path, so tokens have no place', {
    hints: ['set HOME to a directory of your own'],
  })
}
