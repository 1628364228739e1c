import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs'
import { basename } from 'node:path'
import { isFailure, systemCode } from '../../../base/failure.ts'
import { isOwnStream } from '../../../base/ownPath.ts'
import type { FormFile } from '../../../http/http.ts'
import { usageFailure } from '../../arguments.ts'
import { findSentFile } from '../../sentFile.ts'

/**
 * A file as Bitbucket's form for downloads takes it.
 *
 * @param taken is told of each piece that was taken, in bytes
 * @param from the directory that a relative path begins in
 * @throws Failure with the code `usage` for a file that cannot be read, and for one that {@link findSentFile} refuses
 */
export function openUpload(path: string, taken: (bytes: number) => void, from = process.cwd()): FormFile {
  const { file, size } = openPlain(path, from)
  closeSync(file)
  return { field: 'files', name: basename(path), size, open: () => readPieces(path, size, taken, from) }
}

async function* readPieces(
  path: string,
  size: number,
  taken: (bytes: number) => void,
  from: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (size === 0) return
  // What a log grows by meanwhile is not sent.
  const options = { fd: openPlain(path, from).file, end: size - 1 }
  for await (const piece of createReadStream('', options) as AsyncIterable<Uint8Array>) {
    // The receiver takes the piece over, which then has no length any more.
    const { length } = piece
    yield piece
    taken(length)
  }
}

/** Waits for nobody who writes into a pipe. */
function openPlain(path: string, from: string): { readonly file: number; readonly size: number } {
  try {
    const nofollow = isOwnStream(path) ? 0 : (constants.O_NOFOLLOW ?? 0)
    const file = openSync(findSentFile(path, from), nofollow | (constants.O_NONBLOCK ?? 0))
    const found = fstatSync(file)
    if (found.isFile()) return { file, size: found.size }
    closeSync(file)
  } catch (error) {
    if (isFailure(error)) throw error
    throw usageFailure(`${path} cannot be read (${systemCode(error) ?? String(error)})`)
  }
  throw usageFailure(`${path} is not a plain file`)
}
