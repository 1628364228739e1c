import { mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isBusy } from '../../base/busy.ts'
import { Failure, orUndefined, systemCode } from '../../base/failure.ts'
import { reasonOf } from '../../base/systemError.ts'
import { isDead, readOwner } from './owner.ts'

/**
 * A lock that nobody has touched for so long belongs to a stopped process, or to a killed one whose pid is not valid here.
 * Milliseconds.
 */
const STALE_MS = 10_000

/** How often a waiting process checks whether the owner still lives. Milliseconds. */
const CHECK_INTERVAL_MS = 200

/** What a waiting process has seen of the lock. Times are by a clock that nobody sets. */
export type LockWatch = {
  /** The last touch, by the file system's clock. It is compared with nothing but itself. */
  mtime: number | undefined
  /** When we saw that touch first. Milliseconds. */
  since: number
  /** When we last checked whether the owner lives. Milliseconds. */
  checkedAt: number
}

export function startLockWatch(): LockWatch {
  const now = performance.now()
  return { mtime: undefined, since: now, checkedAt: now - CHECK_INTERVAL_MS }
}

/**
 * Removes the lock of a killed process, or one that nobody has touched for long. One process at a time does so: it makes a
 * directory beside the lock, and looks once more. All this happens in one turn of the event loop.
 */
export function breakAbandonedLock(directory: string, lock: string, watch: LockWatch): void {
  const mtime = readMtime(lock)
  const now = performance.now()
  if (mtime !== watch.mtime) Object.assign(watch, { mtime, since: now })
  const isDue = now - watch.checkedAt >= CHECK_INTERVAL_MS
  if (isDue) watch.checkedAt = now
  const isStale = now - watch.since > STALE_MS
  const isForgotten = (): boolean => isStale || (isDue && isDead(readOwner(lock)))
  if (mtime === undefined || !isForgotten()) return
  const takeover = `${lock}.takeover`
  try {
    mkdirSync(takeover, { mode: 0o700 })
  } catch (error) {
    if (isBusy(error)) return
    if (systemCode(error) !== 'EEXIST') throw unlockableFailure(directory, error)
    // Its maker keeps it for microseconds, unless it was killed in them.
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
    if (systemCode(error) !== 'ENOTEMPTY' && !isBusy(error)) throw error
  }
}

/** By the clock, which is good enough for a directory that exists for microseconds. */
function isOld(mtime: number): boolean {
  return Math.abs(Date.now() - mtime) > STALE_MS
}

/** Removes what processes have left that were killed while they made a lock or took one over. */
export function removeLeftovers(directory: string, lock: string): void {
  try {
    for (const name of readdirSync(directory)) {
      const other = join(directory, name)
      if (!other.startsWith(`${lock}.`)) continue
      // A process that is just making one makes it again.
      if (!other.endsWith('.takeover') || isOld(readMtime(other) ?? Date.now())) {
        rmSync(other, { recursive: true, force: true })
      }
    }
  } catch {
    // It does no harm there.
  }
}

function readMtime(path: string): number | undefined {
  return orUndefined(() => statSync(path).mtimeMs)
}

function removeDirectory(directory: string, path: string): void {
  try {
    rmdirSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' && !isBusy(error)) throw unlockableFailure(directory, error)
  }
}

/** A directory that cannot be locked cannot be written to either. */
export function unlockableFailure(directory: string, error: unknown): Failure {
  return new Failure(`${directory} cannot be written to (${reasonOf(error)}), so no token could be saved there`, {
    hints: ['correct that, and run the command again'],
    cause: error,
  })
}
