import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { systemCode } from '../../../base/failure.ts'
import { usageFailure } from '../../repositories.ts'

/** A file on its way, as a form with one file in the field `files`. */
export type Upload = {
  readonly name: string
  /** Of the file. Bytes. */
  readonly size: number
  readonly headers: Readonly<Record<string, string>>
  /**
   * What is sent: from the beginning, each time that it is called.
   *
   * @param taken is told of each piece that was taken, in bytes
   */
  readonly body: (taken: (bytes: number) => void) => AsyncGenerator<Uint8Array, void, undefined>
}

/**
 * @throws Failure with the code `usage` for what is no file that can be read
 * @see RFC 7578; names are escaped as browsers do it
 */
export async function openUpload(path: string): Promise<Upload> {
  const size = await readSize(path)
  const name = basename(path)
  const boundary = `----${randomUUID()}`
  const escaped = name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  const head = Buffer.from(
    `--${boundary}\r\ncontent-disposition: form-data; name="files"; filename="${escaped}"\r\n` +
      'content-type: application/octet-stream\r\n\r\n',
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  return {
    name,
    size,
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      // A server need not take a form whose length it does not know.
      'content-length': String(head.length + size + tail.length),
    },
    body: async function* body(taken) {
      yield head
      // What a log grows by meanwhile is not sent.
      const end = size - 1
      if (size > 0) {
        for await (const piece of createReadStream(path, { end }) as AsyncIterable<Uint8Array>) {
          yield piece
          taken(piece.length)
        }
      }
      yield tail
    },
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
