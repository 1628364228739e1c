import { Failure } from './failure.ts'

/**
 * The Failure for a Node that is too old. Such a one comes from nvm, asdf or volta, which choose one for each directory, or
 * from an old distribution.
 *
 * @param needed the oldest version that is new enough, as `20.19`
 * @param version the one that runs, as `20.19.0`
 * @param path the path of its executable
 * @returns undefined where it is new enough
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
