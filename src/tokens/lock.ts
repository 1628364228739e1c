import { mkdirSync, rmdirSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock, unlockSync } from 'proper-lockfile'
import { Failure, isFailure, systemCode } from '../failure.ts'
import { holdSignals } from '../signals.ts'
import { makePrivateDirectory } from './privateFile.ts'
import { recordPath } from './record.ts'
import type { Account } from './token.ts'

/** A lock that nobody has touched for so long belonged to a process that was killed. Milliseconds. */
const STALE = 10_000

/** How often its holder touches it: well within {@link STALE}, also on a busy machine. Milliseconds. */
const UPDATE = 2_500

/** How often a waiting process looks again: short beside the 200 ms that a refresh takes. Milliseconds. */
const POLL = 25

/** After this long a waiting process says what it waits for. Milliseconds. */
const SILENCE = 3_000

/**
 * Does the work while no other process works on the same account.
 *
 * @param directory the data directory: what the lock protects lies there
 * @param options.patience how long to wait for the lock, in seconds
 * @param options.tell is given a sentence when the wait gets long
 * @throws Failure when the lock can't be had; with the code `locked` where another process has it
 */
export async function withLock<Result>(
  directory: string,
  account: Account,
  options: { readonly patience: number; readonly tell: (text: string) => void },
  work: () => Promise<Result>,
): Promise<Result> {
  await acquire(directory, account, options)
  try {
    return await work()
  } finally {
    release(directory, account)
  }
}

/** In the same turn of the event loop as the end of the work: no signal comes between, and leaves the lock behind. */
function release(directory: string, account: Account): void {
  try {
    unlockSync(recordPath(directory, account), { realpath: false })
  } catch {
    // A lock that is no longer ours, after a long sleep of the machine, is not ours to remove.
  }
}

/** The waiting is ours: the library would go on trying after errors that no waiting mends. */
async function acquire(
  directory: string,
  account: Account,
  { patience, tell }: { readonly patience: number; readonly tell: (text: string) => void },
): Promise<void> {
  const started = performance.now()
  let isTold = false
  for (;;) {
    try {
      // A signal between the making of the lock and its being known here would leave it behind.
      await holdSignals(() => tryLock(directory, account))
      return
    } catch (error) {
      if (isFailure(error)) throw error
      if (systemCode(error) !== 'ELOCKED') throw unlockable(directory, error)
    }
    breakStaleLock(directory, account)
    const waited = performance.now() - started
    if (waited > patience * 1000) {
      throw new Failure(`waited ${patience} seconds for another git process that renews the token or logs in`, {
        code: 'locked',
        hints: ['finish or cancel the login in the other window, then run the command again'],
      })
    }
    if (waited > SILENCE && !isTold) {
      isTold = true
      tell(`waiting for another git process that renews the token or logs in to ${account.host}`)
    }
    await sleep(POLL)
  }
}

async function tryLock(directory: string, account: Account): Promise<void> {
  makePrivateDirectory(directory)
  await lock(recordPath(directory, account), {
    realpath: false,
    // Never: the library looks at a lock's age and removes it in two steps, and of two waiting processes the slower one
    // may remove what the faster one has just made. Both would spend the same refresh token.
    stale: NEVER,
    update: UPDATE,
    // The library's default throws inside a timer. What this process is about to save is the newest there is.
    onCompromised: () => {},
  })
}

const NEVER = 1_000_000_000_000

/**
 * Removes the lock of a process that was killed. Only one process at a time may: whoever makes the directory beside it
 * looks once more, and what is fresh by then stays. All in one turn of the event loop.
 */
function breakStaleLock(directory: string, account: Account): void {
  const path = `${recordPath(directory, account)}.lock`
  if (!isStale(path)) return
  const takeover = `${path}.takeover`
  try {
    mkdirSync(takeover, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unlockable(directory, error)
    // Its maker has it for microseconds, unless it was killed in them.
    if (isStale(takeover)) removeDirectory(directory, takeover)
    return
  }
  try {
    if (isStale(path)) removeDirectory(directory, path)
  } finally {
    removeDirectory(directory, takeover)
  }
}

function isStale(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && Date.now() - found.mtimeMs > STALE
}

function removeDirectory(directory: string, path: string): void {
  try {
    rmdirSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw unlockable(directory, error)
  }
}

function unlockable(directory: string, error: unknown): Failure {
  const code = systemCode(error) ?? String(error)
  return new Failure(`${directory} cannot be written to (${code}), so no token could be saved there`, {
    hints: ['mend that and run the command again'],
    cause: error,
  })
}
