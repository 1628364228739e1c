import type { ExecutionContext } from 'ava'

/** So many tests of a file at once: more would only keep each other from answering in time. */
const SLOTS = 4

let running = 0
const waiting: (() => void)[] = []
const admitted = new WeakSet<ExecutionContext>()

/** Resolves as soon as there is room for a test. It takes it once, and until its end. */
export async function takeTurn(t: ExecutionContext): Promise<void> {
  if (admitted.has(t)) return
  admitted.add(t)
  if (running === SLOTS) await new Promise<void>((resolve) => void waiting.push(resolve))
  else running += 1
  t.teardown(() => {
    // Whoever waits longest takes the place over.
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  })
}
