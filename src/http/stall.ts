/** Ends an exchange in which nothing moves. */
export type StallWatch = {
  readonly signal: AbortSignal
  readonly begin: () => void
  readonly end: () => void
  /** Passes the pieces of a request's body on. Each piece that is taken is a sign of life. */
  readonly taken: (pieces: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array, void, undefined>
}

/**
 * Watches over an exchange, from the first `begin` on.
 *
 * @param patience how long nothing may move between a `begin` and its `end`, in seconds
 */
export function startStallWatch(patience: number): StallWatch {
  const controller = new AbortController()
  let isWaiting = false
  // One timer for the whole exchange: a new one for each piece would cost more than the piece.
  const timer = setTimeout(() => isWaiting && controller.abort(), patience * 1000).unref()
  const begin = (): void => {
    isWaiting = true
    timer.refresh()
  }
  const end = (): void => {
    isWaiting = false
  }
  return {
    signal: controller.signal,
    begin,
    end,
    taken: async function* taken(pieces) {
      for await (const piece of pieces) {
        begin()
        yield piece
      }
    },
  }
}
