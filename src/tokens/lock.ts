import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import { Failure, systemCode } from '../failure.ts'
import { recordPath } from './record.ts'
import type { Account } from './token.ts'

/** A lock that nobody has touched for so long belonged to a process that was killed. Milliseconds. */
const STALE = 10_000

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
 * @throws Failure when the lock can't be had
 */
export async function withLock<Result>(
  directory: string,
  account: Account,
  options: { readonly patience: number; readonly tell: (text: string) => void },
  work: () => Promise<Result>,
): Promise<Result> {
  const release = await acquire(directory, account, options)
  try {
    return await work()
  } finally {
    // A lock that is no longer ours, after a long sleep of the machine, is not ours to remove.
    await release().catch(() => {})
  }
}

/** The waiting is ours: the library would go on trying after errors that no waiting mends. */
async function acquire(
  directory: string,
  account: Account,
  { patience, tell }: { readonly patience: number; readonly tell: (text: string) => void },
): Promise<() => Promise<void>> {
  const started = performance.now()
  let isTold = false
  for (;;) {
    try {
      return await tryLock(directory, account)
    } catch (error) {
      if (systemCode(error) !== 'ELOCKED') throw unlockable(directory, error)
    }
    const waited = performance.now() - started
    if (waited > patience * 1000) {
      throw new Failure(`waited ${patience} seconds for another git process that renews the token or logs in`, {
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

async function tryLock(directory: string, account: Account): Promise<() => Promise<void>> {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return lock(recordPath(directory, account), {
    realpath: false,
    stale: STALE,
    // The library's default throws inside a timer. What this process is about to save is the newest there is.
    onCompromised: () => {},
  })
}

function unlockable(directory: string, error: unknown): Failure {
  const code = systemCode(error) ?? String(error)
  return new Failure(`${directory} cannot be written to (${code}), so no token could be saved there`, {
    hints: ['mend that and run the command again'],
    cause: error,
  })
}
