import { Failure } from '../base/failure.ts'
import type { OpenAnswer } from '../http/http.ts'

/** Lists and objects of the API are far smaller. Bytes. */
const LIMIT = 64 * 1024 * 1024

/**
 * Reads an answer to its end.
 *
 * @param limit bytes; a longer answer is cut off there
 * @throws Failure where the answer breaks off, and, without a limit, where it is too long
 */
export async function readText(answer: OpenAnswer, limit?: number): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const piece of answer.body) {
    pieces.push(piece)
    length += piece.length
    if (length <= (limit ?? LIMIT)) continue
    if (limit === undefined) {
      throw new Failure(`${answer.url.host} answered with more than ${LIMIT / 1024 / 1024} MiB`, {
        hints: ['ask for less, with pagelen or fields in the query; or send the output into a file or pipe'],
      })
    }
    break
  }
  return Buffer.concat(pieces).toString()
}
