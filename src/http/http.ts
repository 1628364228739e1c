import fetch, { File, FormData, type RequestInit, type Response } from 'node-fetch'
import { Readable } from 'node:stream'
import { type Failure, isFailure } from '../base/failure.ts'
import { Connector } from './agent.ts'
import type { Network } from './network.ts'
import { type StallWatch, startStallWatch } from './stall.ts'
import { unreachableFailure } from './unreachable.ts'

/** A request whose answer is small. `headers` and `body` may be secret. */
type SmallRequest = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** For the whole exchange. Seconds. */
  readonly timeLimit?: number
}

/** An answer, read to its end. May be secret. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A request with a large body, or for a large answer. */
export type LargeRequest = Omit<SmallRequest, 'body'> & {
  readonly body?: Buffer | readonly FormFile[] | undefined
  /** The exchange ends when nothing moves for so long. Seconds. */
  readonly patience?: number
}

/** A file in a form (RFC 7578). */
export type FormFile = {
  /** The form's field. */
  readonly field: string
  readonly name: string
  /** In bytes. A server need not take a form of unknown length. */
  readonly size: number
  /** Opens the file at its beginning, once for each request. As many bytes have to come as `size` says. */
  readonly open: () => AsyncIterable<Uint8Array>
}

/** An answer whose body is still coming. */
export type OpenAnswer = Omit<Answer, 'body'> & {
  readonly url: URL
  /** Whether a redirect led to another origin, which never got the token. */
  readonly isElsewhere?: boolean
  /**
   * The body as it comes, not decompressed. It can be read once, and comes no faster than it is read. It throws a Failure
   * `unreachable` where it breaks off.
   */
  readonly body: AsyncIterable<Uint8Array>
  /** Closes the connection. To be called where the body is not read to its end. */
  readonly close: () => void
}

/** For a whole exchange, where nothing else is said. Seconds. */
const TIME_LIMIT = 30

/** A server may have to pack a large repository before it answers. Seconds. */
const STALL_LIMIT = 120

/** The size of the pieces of a large answer. Larger ones make it no faster. Bytes. */
const PIECE_BYTES = 64 * 1024

/** All small answers are far below it. Bytes. */
const SIZE_LIMIT = 1024 * 1024

/**
 * Sends a request and reads the whole answer. A redirect is an answer too, and is never followed, so no secret reaches
 * another host.
 *
 * @throws Failure `unreachable` where there is no answer
 */
export async function send(url: URL, request: SmallRequest, network: Network): Promise<Answer> {
  const { timeLimit: seconds = TIME_LIMIT, ...sent } = request
  const limit = { signal: AbortSignal.timeout(seconds * 1000), seconds }
  return exchange(url, { ...sent, size: SIZE_LIMIT }, network, limit, async (response) => ({
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  }))
}

/**
 * Sends a request and returns the answer as soon as its headers have come. Its size and time have no limit, as long as
 * something moves. A redirect is an answer here too.
 *
 * @throws Failure `unreachable` where there is no answer
 */
export async function open(url: URL, request: LargeRequest, network: Network): Promise<OpenAnswer> {
  const { method, headers, body, patience = STALL_LIMIT } = request
  const watch = startStallWatch(patience)
  const limit = { signal: watch.signal, seconds: patience }
  const init = {
    method,
    headers: { 'accept-encoding': 'identity', ...headers },
    body: body === undefined || Buffer.isBuffer(body) ? (body ?? null) : makeForm(body, watch),
    compress: false,
    highWaterMark: PIECE_BYTES,
  }
  watch.begin()
  try {
    return await exchange(url, init, network, limit, (response) => {
      const stream = response.body instanceof Readable ? response.body : Readable.from([])
      return {
        url,
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: readBody(stream, watch, (error) => noAnswerFailure(url, network, error, limit)),
        close: () => void stream.destroy(),
      }
    })
  } finally {
    watch.end()
  }
}

/** The signal ends an exchange after so many seconds, or after so many in which nothing moved. */
type Limit = { readonly signal: AbortSignal; readonly seconds: number }

async function exchange<Result>(
  url: URL,
  init: RequestInit,
  network: Network,
  limit: Limit,
  read: (response: Response) => Result | Promise<Result>,
): Promise<Result> {
  const agent = new Connector(url, network, limit.signal)
  const began = performance.now()
  const trace = (outcome: string | number): void =>
    network.trace?.(
      `${init.method} ${url.origin}${url.pathname}: ${outcome}, ${Math.round(performance.now() - began)} ms`,
    )
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: limit.signal, agent })
    const result = await read(response)
    trace(response.status)
    return result
  } catch (error) {
    trace('no answer')
    throw agent.findFailure() ?? noAnswerFailure(url, network, error, limit)
  }
}

function noAnswerFailure(url: URL, { proxy }: Network, error: unknown, { signal, seconds }: Limit): Failure {
  return isFailure(error)
    ? error
    : unreachableFailure(url, proxy, error, signal.aborted ? `no answer within ${seconds} seconds` : '')
}

/**
 * The library streams a form, and tells the server its length. By its README, whatever has a size and a stream may stand
 * for a file. Its own `fileFrom` would refuse a file that has changed meanwhile, such as a log that grows.
 */
function makeForm(files: readonly FormFile[], watch: StallWatch): FormData {
  const form = new FormData()
  for (const { field, name, size, open: openFile } of files) {
    const stream = { value: () => watch.taken(openFile()) }
    form.append(field, Object.defineProperties(new File([], name), { size: { value: size }, stream }))
  }
  return form
}

async function* readBody(
  body: Readable,
  watch: StallWatch,
  fail: (error: unknown) => Failure,
): AsyncGenerator<Uint8Array, void, undefined> {
  // The reader may take its time: only the wait for a piece counts.
  watch.begin()
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      watch.end()
      yield piece
      watch.begin()
    }
  } catch (error) {
    throw fail(error)
  } finally {
    watch.end()
  }
}
