import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { systemCode } from '../../../base/failure.ts'
import type { FormFile } from '../../../http/http.ts'
import { usageFailure } from '../../arguments.ts'

/**
 * A file as Bitbucket's form for downloads takes it.
 *
 * @param taken is told of each piece that was taken, in bytes
 * @throws Failure with the code `usage` for a file that cannot be read
 */
export async function openUpload(path: string, taken: (bytes: number) => void): Promise<FormFile> {
  const size = await readSize(path)
  return { field: 'files', name: basename(path), size, open: () => readPieces(path, size, taken) }
}

async function* readPieces(
  path: string,
  size: number,
  taken: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (size === 0) return
  // What a log grows by meanwhile is not sent.
  const end = size - 1
  for await (const piece of createReadStream(path, { end }) as AsyncIterable<Uint8Array>) {
    // The receiver takes the piece over, which then has no length any more.
    const { length } = piece
    yield piece
    taken(length)
  }
}

async function readSize(path: string): Promise<number> {
  try {
    const found = await stat(path)
    if (found.isFile()) return found.size
  } catch (error) {
    throw usageFailure(`${path} cannot be read (${systemCode(error) ?? String(error)})`)
  }
  throw usageFailure(`${path} is not a plain file`)
}
