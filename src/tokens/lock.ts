import { mkdirSync } from 'node:fs'
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
  const { patience, tell } = options
  const notice = setTimeout(() => {
    tell(`waiting for another git process that renews the token or logs in to ${account.host}`)
  }, SILENCE)
  const release = await acquire(directory, account, patience).finally(() => clearTimeout(notice))
  try {
    return await work()
  } finally {
    // A lock that is no longer ours, after a long sleep of the machine, is not ours to remove.
    await release().catch(() => {})
  }
}

async function acquire(directory: string, account: Account, patience: number): Promise<() => Promise<void>> {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    return await lock(recordPath(directory, account), {
      realpath: false,
      stale: STALE,
      retries: { retries: (patience * 1000) / POLL, factor: 1, minTimeout: POLL, maxTimeout: POLL },
      // The library's default throws inside a timer. What this process is about to save is the newest there is.
      onCompromised: () => {},
    })
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ELOCKED') {
      throw new Failure(`another git process has been renewing the token or logging in for ${patience} seconds`, {
        hints: ['finish or cancel the login in the other window, then run the command again'],
      })
    }
    throw new Failure(
      `${directory} cannot be written to (${code ?? String(error)}), so no token could be saved there`,
      {
        hints: ['nothing was lost; mend that and run the command again'],
        cause: error,
      },
    )
  }
}
