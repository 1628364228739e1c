import fs, { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock, unlockSync } from 'proper-lockfile'
import { Failure, isFailure, systemCode } from '../failure.ts'
import { holdSignals } from '../signals.ts'
import { isDead, newOwner, type Owner, readOwner, writeOwner } from './owner.ts'
import { makePrivateDirectory, reasonOf } from './privateFile.ts'
import { recordPath } from './recordFile.ts'
import { type Account, accountName } from './token.ts'

/**
 * A lock that nobody has touched for so long belongs to a process that was stopped, or that was killed where its
 * number tells us nothing. Milliseconds.
 */
const STALE = 10_000

/** How often its holder touches it: well within {@link STALE}, also on a busy machine. Milliseconds. */
const UPDATE = 2_500

/** How often a waiting process looks again: short beside the 200 ms that a refresh takes. Milliseconds. */
const POLL = 25

/** How often it looks whether the holder still lives. Milliseconds. */
const PULSE = 200

/** After this long a waiting process says what it waits for. Milliseconds. */
const SILENCE = 5_000

export type LockOptions<Result> = {
  /** How long to wait for the lock, in seconds. */
  readonly patience: number
  /** Is given a sentence when the wait gets long. */
  readonly tell: (text: string) => void
  /** Looks, while waiting, whether another process has done the work already: then that is the result. */
  readonly look?: () => Result | undefined
}

/** The lock, for whoever works under it. */
export type Lock = {
  /** False where the process was stopped for so long that another one has taken the lock over. */
  readonly isHeld: () => boolean
}

/**
 * Does the work while no other process works on the same account.
 *
 * @param directory the data directory: what the lock protects lies there
 * @throws Failure when the lock can't be had; with the code `locked` where another process has it
 */
export async function withLock<Result>(
  directory: string,
  account: Account,
  options: LockOptions<Result>,
  work: (lock: Lock) => Promise<Result>,
): Promise<Result> {
  const path = recordPath(directory, account)
  const owner = newOwner()
  const done = await acquire(directory, path, owner, account, options)
  if (done !== undefined) return done
  const isHeld = (): boolean => readOwner(ownerPath(path))?.holding === owner.holding
  try {
    sweep(directory, path)
    return await work({ isHeld })
  } finally {
    // In the same turn of the event loop as the end of the work: no signal comes between, and leaves the lock behind.
    release(path, isHeld())
  }
}

function release(path: string, isHeld: boolean): void {
  try {
    if (isHeld) {
      rmSync(ownerPath(path), { force: true })
      unlockSync(path, { realpath: false })
    } else {
      // It is another process's now: the library shall forget it, and remove what is not there.
      unlockSync(path, { realpath: false, lockfilePath: `${path}.lock.lost` })
    }
  } catch {
    // What is left belongs to a process that has ended, and the next one removes it.
  }
}

/**
 * The waiting is ours: the library would go on trying after errors that no waiting mends.
 *
 * @returns what {@link LockOptions.look} found; undefined with the lock taken
 */
async function acquire<Result>(
  directory: string,
  path: string,
  owner: Owner,
  account: Account,
  { patience, tell, look }: LockOptions<Result>,
): Promise<Result | undefined> {
  const started = performance.now()
  const watch: Watch = { mtime: undefined, since: started, felt: started - PULSE }
  let isTold = false
  for (;;) {
    // A signal between the making of the lock and its being known here would leave it behind.
    if (await holdSignals(() => tryLock(directory, path, owner))) return undefined
    breakForgottenLock(directory, path, watch)
    const found = look?.()
    if (found !== undefined) return found
    const waited = performance.now() - started
    if (waited > SILENCE && !isTold) {
      isTold = true
      tell(`waiting for another git process that renews the token or logs in to ${accountName(account)}`)
    }
    if (waited > patience * 1000) {
      throw new Failure(`waited ${patience} seconds for another git process that renews the token or logs in`, {
        code: 'locked',
        hints: ['finish or cancel the login in the other window, then run the command again'],
      })
    }
    await sleep(POLL)
  }
}

/** @returns whether the lock is ours now; false where it is another process's */
async function tryLock(directory: string, path: string, owner: Owner): Promise<boolean> {
  makeDirectory(directory)
  try {
    await lock(path, {
      realpath: false,
      // Never: the library looks at a lock's age and removes it in two steps, and of two waiting processes the slower
      // one may remove what the faster one has just made. Both would spend the same refresh token.
      stale: NEVER,
      update: UPDATE,
      // The library's default throws inside a timer. Whoever works under the lock asks isHeld before it matters.
      onCompromised: () => {},
      fs: signedBy(owner),
    })
    return true
  } catch (error) {
    // Gone while the library was looking at it: this process was stopped for long.
    if (systemCode(error) === 'ELOCKED' || systemCode(error) === 'ENOENT') return false
    throw unlockable(directory, error)
  }
}

function makeDirectory(directory: string): void {
  try {
    makePrivateDirectory(directory)
  } catch (error) {
    throw isFailure(error) ? error : unlockable(directory, error)
  }
}

const NEVER = Infinity

/**
 * The library's own file system, but that a directory is signed before it becomes the lock, so that neither is ever
 * without the other; and as the library removes no directory that is not empty, it cannot remove one that is not its
 * own any more. Nor shall it touch such a one, whose owner would take the touch for a sign that it was lost.
 */
function signedBy(owner: Owner): object {
  return {
    ...fs,
    mkdir: (path: string, done: fs.NoParamCallback) => done(makeSigned(path, owner)),
    utimes: (path: string, atime: Date, mtime: Date, done: fs.NoParamCallback) => {
      if (readOwner(join(path, 'owner'))?.holding === owner.holding) fs.utimes(path, atime, mtime, done)
      else done(Object.assign(new Error('the lock is lost'), { code: 'ENOENT' }))
    },
  }
}

function makeSigned(path: string, owner: Owner): NodeJS.ErrnoException | null {
  const neighbour = `${path}.${process.pid}`
  try {
    if (existsSync(join(path, 'owner'))) return exists()
    rmSync(neighbour, { recursive: true, force: true })
    mkdirSync(neighbour, { mode: 0o700 })
    writeOwner(join(neighbour, 'owner'), owner)
    // In the place of nothing, or of an empty directory, whose owner is removing it.
    renameSync(neighbour, path)
    return null
  } catch (error) {
    rmSync(neighbour, { recursive: true, force: true })
    // Another one was faster, and may be done by now.
    if (TAKEN.has(systemCode(error) ?? '') || existsSync(path)) return exists()
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** What systems say when a directory is to take the place of one that is not empty. */
const TAKEN = new Set(['ENOTEMPTY', 'EEXIST', 'EPERM'])

function exists(): NodeJS.ErrnoException {
  return Object.assign(new Error('the lock is taken'), { code: 'EEXIST' })
}

function ownerPath(path: string): string {
  return join(`${path}.lock`, 'owner')
}

/** What a waiting process has seen of the lock, by a clock that nobody sets. */
type Watch = {
  /** When the holder touched it last, by the file system's clock, which is compared with nothing but itself. */
  mtime: number | undefined
  /** Since when that is so. Milliseconds. */
  since: number
  /** When the holder's pulse was felt last. Milliseconds. */
  felt: number
}

/**
 * Removes the lock of a process that was killed, or that has not touched it for long. Only one process at a time may:
 * whoever makes the directory beside it looks once more. All in one turn of the event loop.
 */
function breakForgottenLock(directory: string, path: string, watch: Watch): void {
  const lockPath = `${path}.lock`
  const mtime = readMtime(lockPath)
  const now = performance.now()
  if (mtime !== watch.mtime) Object.assign(watch, { mtime, since: now })
  const isDue = now - watch.felt >= PULSE
  if (isDue) watch.felt = now
  const isStale = now - watch.since > STALE
  const isForgotten = (): boolean => isStale || (isDue && isOwnerDead(path))
  if (mtime === undefined || !isForgotten()) return
  const takeover = `${lockPath}.takeover`
  try {
    mkdirSync(takeover, { mode: 0o700 })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unlockable(directory, error)
    // Its maker has it for microseconds, unless it was killed in them.
    const made = readMtime(takeover)
    if (made !== undefined && isOld(made)) removeDirectory(directory, takeover)
    return
  }
  try {
    if (readMtime(lockPath) === mtime && isForgotten()) rmSync(lockPath, { recursive: true, force: true })
  } catch (error) {
    throw unlockable(directory, error)
  } finally {
    removeDirectory(directory, takeover)
  }
}

/** By the clock, for what its maker has for microseconds. */
function isOld(mtime: number): boolean {
  return Math.abs(Date.now() - mtime) > STALE
}

/** Removes what processes left that were killed while they made a lock, or took one over. */
function sweep(directory: string, path: string): void {
  try {
    for (const name of readdirSync(directory)) {
      const other = join(directory, name)
      if (!other.startsWith(`${path}.lock.`)) continue
      // One that is being made just now is made again.
      if (!other.endsWith('.takeover') || isOld(readMtime(other) ?? Date.now())) {
        rmSync(other, { recursive: true, force: true })
      }
    }
  } catch {
    // It does no harm where it is.
  }
}

function isOwnerDead(path: string): boolean {
  const owner = readOwner(ownerPath(path))
  return owner !== undefined && isDead(owner)
}

function readMtime(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

function removeDirectory(directory: string, path: string): void {
  try {
    rmdirSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw unlockable(directory, error)
  }
}

function unlockable(directory: string, error: unknown): Failure {
  return new Failure(`${directory} cannot be written to (${reasonOf(error)}), so no token could be saved there`, {
    hints: ['mend that and run the command again'],
    cause: error,
  })
}
