import { Failure } from './failure.ts'

/**
 * What to say where this Node is older than the one we need, as happens where nvm, asdf or volta choose one for each
 * directory, and where a distribution has an old one; undefined for one that is new enough.
 *
 * @param needed the oldest that will do, as `20.19`
 * @param version as `20.19.0`
 * @param path where it lies
 */
export function oldNodeFailure(needed: string, version: string, path: string): Failure | undefined {
  if (isAtLeast(version, needed)) return undefined
  return new Failure(`this program needs Node.js ${needed} or later, and was started with ${version} (${path})`, {
    hints: ['put a newer Node.js first in PATH, or choose one with nvm, asdf or volta'],
  })
}

function isAtLeast(version: string, needed: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [neededMajor = 0, neededMinor = 0] = needed.split('.').map(Number)
  return major > neededMajor || (major === neededMajor && minor >= neededMinor)
}
