import { mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, systemCode } from '../../base/failure.ts'
import { reasonOf } from '../../base/systemError.ts'
import { isDead, readOwner } from './owner.ts'

/**
 * A lock that nobody has touched for so long belongs to a process that was stopped, or that was killed where its
 * number tells us nothing. Milliseconds.
 */
const STALE_MS = 10_000

/** How often it looks whether the holder still lives. Milliseconds. */
const CHECK_INTERVAL_MS = 200

/** What a waiting process has seen of the lock, by a clock that nobody sets. */
export type LockWatch = {
  /** When the holder touched it last, by the file system's clock, which is compared with nothing but itself. */
  mtime: number | undefined
  /** Since when that is so. Milliseconds. */
  since: number
  /** When the holder's pulse was felt last. Milliseconds. */
  checkedAt: number
}

export function startLockWatch(): LockWatch {
  const now = performance.now()
  return { mtime: undefined, since: now, checkedAt: now - CHECK_INTERVAL_MS }
}

/**
 * Removes the lock of a process that was killed, or that has not touched it for long. Only one process at a time may:
 * whoever makes the directory beside it looks once more. All in one turn of the event loop.
 */
export function breakForgottenLock(directory: string, lock: string, watch: LockWatch): void {
  const mtime = readMtime(lock)
  const now = performance.now()
  if (mtime !== watch.mtime) Object.assign(watch, { mtime, since: now })
  const isDue = now - watch.checkedAt >= CHECK_INTERVAL_MS
  if (isDue) watch.checkedAt = now
  const isStale = now - watch.since > STALE_MS
  const isForgotten = (): boolean => isStale || (isDue && isOwnerDead(lock))
  if (mtime === undefined || !isForgotten()) return
  const takeover = `${lock}.takeover`
  try {
    mkdirSync(takeover, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unlockableFailure(directory, error)
    // Its maker has it for microseconds, unless it was killed in them.
    const made = readMtime(takeover)
    if (made !== undefined && isOld(made)) removeDirectory(directory, takeover)
    return
  }
  try {
    if (readMtime(lock) === mtime && isForgotten()) removeLock(lock)
  } catch (error) {
    throw unlockableFailure(directory, error)
  } finally {
    removeDirectory(directory, takeover)
  }
}

function removeLock(lock: string): void {
  try {
    rmSync(lock, { recursive: true, force: true })
  } catch (error) {
    // Half-way it is an empty directory, which another process may replace with a lock of its own.
    if (systemCode(error) !== 'ENOTEMPTY') throw error
  }
}

/** By the clock, for what its maker has for microseconds. */
function isOld(mtime: number): boolean {
  return Math.abs(Date.now() - mtime) > STALE_MS
}

/** Removes what processes left that were killed while they made a lock, or took one over. */
export function removeLeftovers(directory: string, lock: string): void {
  try {
    for (const name of readdirSync(directory)) {
      const other = join(directory, name)
      if (!other.startsWith(`${lock}.`)) continue
      // One that is being made just now is made again.
      if (!other.endsWith('.takeover') || isOld(readMtime(other) ?? Date.now())) {
        rmSync(other, { recursive: true, force: true })
      }
    }
  } catch {
    // It does no harm where it is.
  }
}

function isOwnerDead(lock: string): boolean {
  const owner = readOwner(lock)
  return owner !== undefined && isDead(owner)
}

function readMtime(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

function removeDirectory(directory: string, path: string): void {
  try {
    rmdirSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw unlockableFailure(directory, error)
  }
}

/** What cannot be locked cannot be written to either. */
export function unlockableFailure(directory: string, error: unknown): Failure {
  return new Failure(`${directory} cannot be written to (${reasonOf(error)}), so no token could be saved there`, {
    hints: ['mend that and run the command again'],
    cause: error,
  })
}
