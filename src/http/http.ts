import type * as Library from 'node-fetch'
import type { Readable } from 'node:stream'
import { type Failure, isFailure } from '../base/failure.ts'
import { openConnector } from './agent.ts'
import type { Network } from './network.ts'
import { type StallWatch, startStallWatch } from './stall.ts'
import { unreachableFailure } from './unreachable.ts'

/** A request whose answer is small. `headers` and `body` may be secret. */
export type SmallRequest = {
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

/** A request with a large body, or for a large answer. `headers` and `body` may be secret. */
export type LargeRequest = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
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
export type OpenAnswer = {
  readonly url: URL
  /** Whether a redirect led to another origin, which never got the token. */
  readonly isElsewhere?: boolean
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
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
  const { timeLimit = TIME_LIMIT, ...sent } = request
  const signal = AbortSignal.timeout(timeLimit * 1000)
  const { agent, assertConnected } = openConnector(url, network, signal)
  const began = performance.now()
  // Loaded only here: where many processes wait for a refresh, one alone needs it.
  const { default: fetch } = await import('node-fetch')
  try {
    const response = await fetch(url, {
      ...sent,
      redirect: 'manual',
      signal,
      size: SIZE_LIMIT,
      agent,
    })
    const body = await response.text()
    network.trace?.(`${request.method} ${url.origin}${url.pathname}: ${response.status}, ${since(began)}`)
    return { status: response.status, headers: Object.fromEntries(response.headers), body }
  } catch (error) {
    network.trace?.(`${request.method} ${url.origin}${url.pathname}: no answer, ${since(began)}`)
    assertConnected()
    const limit = signal.aborted ? timeLimit : undefined
    throw isFailure(error) ? error : unreachableFailure(url, network.proxy, error, limit)
  }
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
  const { agent, assertConnected } = openConnector(url, network, watch.signal)
  const began = performance.now()
  const fail = (error: unknown): Failure => {
    if (isFailure(error)) return error
    return unreachableFailure(url, network.proxy, error, watch.signal.aborted ? patience : undefined)
  }
  const [library, { Readable: Stream }] = await Promise.all([import('node-fetch'), import('node:stream')])
  watch.begin()
  try {
    const response = await library.default(url, {
      method,
      headers: { 'accept-encoding': 'identity', ...headers },
      body: body === undefined ? null : Buffer.isBuffer(body) ? body : makeForm(body, watch, library),
      redirect: 'manual',
      compress: false,
      highWaterMark: PIECE_BYTES,
      signal: watch.signal,
      agent,
    })
    network.trace?.(`${method} ${url.origin}${url.pathname}: ${response.status}, ${since(began)}`)
    const stream = response.body instanceof Stream ? response.body : Stream.from([])
    return {
      url,
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: readBody(stream, watch, fail),
      close: () => void stream.destroy(),
    }
  } catch (error) {
    network.trace?.(`${method} ${url.origin}${url.pathname}: no answer, ${since(began)}`)
    assertConnected()
    throw fail(error)
  } finally {
    watch.end()
  }
}

/**
 * The library streams a form, and tells the server its length. By its README, whatever has a size and a stream may stand
 * for a file. Its own `fileFrom` would refuse a file that has changed meanwhile, such as a log that grows.
 */
function makeForm(
  files: readonly FormFile[],
  watch: StallWatch,
  { File, FormData }: Pick<typeof Library, 'File' | 'FormData'>,
): FormData {
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

function since(began: number): string {
  return `${Math.round(performance.now() - began)} ms`
}
