import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs'
import { Failure, orUndefined } from '../../base/failure.ts'

/**
 * Whether a file is there already that holds what comes, byte for byte. Reads no further than to the first difference.
 *
 * @param length in bytes, where it is known
 * @throws Failure where anything else is there: under a name of the server's it may be a file of the user's
 */
export async function isPresent(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  length: number | undefined,
): Promise<boolean> {
  const found = orUndefined(() => lstatSync(path))
  if (found === undefined) return false
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
  const isLikely = found.isFile() && (length === undefined || length === found.size)
  const file = isLikely ? orUndefined(() => openSync(path, flags)) : undefined
  if (file === undefined) throw otherFileFailure(path)
  try {
    for await (const piece of pieces) {
      const kept = Buffer.alloc(piece.length)
      if (readSync(file, kept) < piece.length || !kept.equals(piece)) throw otherFileFailure(path)
    }
    if (readSync(file, Buffer.alloc(1)) > 0) throw otherFileFailure(path)
    return true
  } finally {
    closeSync(file)
  }
}

/** @throws Failure where anything is there: it may have come while the download was on its way */
export function assertAbsent(path: string): void {
  if (orUndefined(() => lstatSync(path)) !== undefined) throw otherFileFailure(path)
}

function otherFileFailure(path: string): Failure {
  return new Failure(`${path} is there already, and is something else`, {
    hints: ['to replace it, add --force; to keep it, move it away first'],
  })
}
