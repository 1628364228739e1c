/** So many at once: a sandbox shares its process with all others, and hundreds would keep each other from answering. */
const SLOTS = 6

let running = 0
const waiting: (() => void)[] = []

/** Does work as soon as there is room for it. */
export async function inTurn(work: () => Promise<void>): Promise<void> {
  if (running === SLOTS) await new Promise<void>((resolve) => void waiting.push(resolve))
  else running += 1
  try {
    await work()
  } finally {
    // Whoever waits longest takes the place over.
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
}
