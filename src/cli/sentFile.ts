import { realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { isOwnStream } from '../base/ownPath.ts'
import { quote } from '../base/shell.ts'
import { usageFailure } from './arguments.ts'

/**
 * Where a file is that a person names to be sent. No link on the way may lead out of its directory: a clone may bring
 * `report.txt -> ../.ssh/id_rsa`. Links above the working directory are the person's own, and so are the streams in /dev.
 *
 * @throws Failure with the code `usage` that names where the link leads; Error the system's where there is no file
 */
export function findSentFile(path: string, from: string): string {
  if (isOwnStream(path)) return path
  const whole = resolve(from, path)
  const start = isInside(whole, from) ? from : dirname(whole)
  let place = start
  for (const part of relative(start, whole).split(sep)) {
    const directory = realpathSync(place)
    place = join(place, part)
    if (isInside(realpathSync(place), directory)) continue
    const real = realpathSync(whole)
    throw usageFailure(
      `${path} leads to ${real}, out of its directory, so it is not sent`,
      `if you want to send that: ${quote(real)}`,
    )
  }
  return realpathSync(whole)
}

function isInside(path: string, directory: string): boolean {
  const way = relative(directory, path)
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
