import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The number of works that hold signals now. */
let holders = 0

/**
 * Does some work that must not be cut off. A signal that comes meanwhile (Ctrl-C reaches git and us alike) takes effect
 * when the work is done.
 */
export async function holdSignals<Result>(work: () => Promise<Result>): Promise<Result> {
  let held: NodeJS.Signals | undefined
  const hold = (signal: NodeJS.Signals): void => {
    held ??= signal
  }
  for (const signal of SIGNALS) process.on(signal, hold)
  holders += 1
  try {
    return await work()
  } finally {
    holders -= 1
    for (const signal of SIGNALS) process.off(signal, hold)
    if (held !== undefined) raise(held)
  }
}

/**
 * Does some work when a signal is about to end the process, unless {@link holdSignals} holds it.
 *
 * @returns a function that cancels it
 */
export function beforeSignal(work: () => void): () => void {
  const end = (signal: NodeJS.Signals): void => {
    if (holders > 0) return
    forget()
    work()
    endBy(signal)
  }
  const forget = (): void => {
    for (const signal of SIGNALS) process.off(signal, end)
  }
  for (const signal of SIGNALS) process.on(signal, end)
  return forget
}

/**
 * Does at once what the signal does, unless {@link holdSignals} holds it. One that came while we waited for a program would be
 * handled in a later turn of the event loop, when its handlers may be gone and something else is said.
 */
export function raise(signal: NodeJS.Signals): void {
  process.emit(signal, signal)
  if (holders > 0) return
  // Those of libraries would only send it again, for a later turn.
  process.removeAllListeners(signal)
  endBy(signal)
}

/** Does what Ctrl-C does where a terminal is not read key by key: all processes in its foreground are interrupted. */
export function interruptAll(): void {
  process.kill(0, 'SIGINT')
}

/**
 * Ends this process as the signal would. Windows has none of them: there Node makes them of Ctrl-C and of a closed window, and
 * its kill knows no SIGHUP.
 *
 * @see https://nodejs.org/api/process.html#signal-events
 */
function endBy(signal: NodeJS.Signals): void {
  if (process.platform === 'win32') process.exit(128 + constants.signals[signal])
  process.kill(process.pid, signal)
}
