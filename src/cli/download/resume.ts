import { isFailure, orUndefined } from '../../base/failure.ts'
import type { OpenAnswer } from '../../http/http.ts'

/** Each try is a request that the server counts, so it has to bring something. Bytes. */
const LEAST_GAIN = 65_536

/** Asks for the same once more, with some headers beside those of the first request. */
type AskAgain = (headers: Readonly<Record<string, string>>) => Promise<OpenAnswer>

/**
 * The body of a download. Where it breaks off, it goes on from there, as long as something comes, if the server takes ranges
 * and says that the file is still the same one (RFC 9110, sections 13.1.5, 14.2 and 15.3.7.3).
 *
 * @throws Failure why it broke off, where it cannot go on
 */
export async function* resume(first: OpenAnswer, again: AskAgain): AsyncGenerator<Uint8Array, void, undefined> {
  let answer = first
  let bytes = 0
  try {
    for (;;) {
      const begin = bytes
      try {
        for await (const piece of answer.body) {
          bytes += piece.length
          yield piece
        }
        return
      } catch (error) {
        const rest = isFailure(error) && bytes - begin >= LEAST_GAIN ? await askForRest(first, bytes, again) : undefined
        if (rest === undefined) throw error
        answer.close()
        answer = rest
      }
    }
  } finally {
    answer.close()
  }
}

/** @returns undefined where the server does not send exactly that */
async function askForRest({ headers }: OpenAnswer, begin: number, again: AskAgain): Promise<OpenAnswer | undefined> {
  const { etag, 'content-length': length, 'content-encoding': encoding } = headers
  // A weak one may stand for other bytes.
  if (etag === undefined || etag.startsWith('W/') || length === undefined) return undefined
  const rest = await again({ range: `bytes=${begin}-`, 'if-range': etag }).catch(() => undefined)
  const expected = `bytes ${begin}-${Number(length) - 1}/${length}`
  const isPart = rest?.status === 206 && rest.headers['content-range'] === expected
  // A server may send a part of another file, without a look at If-Range.
  if (isPart && rest.headers['etag'] === etag && rest.headers['content-encoding'] === encoding) return rest
  orUndefined(() => rest?.close())
  return undefined
}
