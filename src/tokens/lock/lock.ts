import fs, { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock, unlockSync } from 'proper-lockfile'
import { Failure, isFailure, systemCode } from '../../base/failure.ts'
import { makePrivateDirectory } from '../../base/privateFile.ts'
import { beforeSignal, holdSignals } from '../../base/signals.ts'
import { type Account, accountName } from '../account.ts'
import { recordPath } from '../recordFile.ts'
import { newOwner, type Owner, readOwner, removeOwner, writeOwner } from './owner.ts'
import { breakForgottenLock, removeLeftovers, startLockWatch, unlockableFailure } from './takeover.ts'

/** How often its holder touches it: well within the ten seconds after which it counts as forgotten, also on a busy machine. Milliseconds. */
const UPDATE_MS = 2_500

/** How often a waiting process looks again: short beside the 200 ms that a refresh takes. Milliseconds. */
const POLL_MS = 25

/** After this long a waiting process says what it waits for. Milliseconds. */
const SILENCE_MS = 5_000

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
 * To be called right before something is sent that counts once, or somebody is asked.
 *
 * @throws Failure `lock_lost` where this process was stopped for so long that another one has taken the lock over
 */
export function assertLockHeld({ isHeld }: Lock): void {
  if (!isHeld()) throw lockLostFailure()
}

/** The work is to be begun anew, as what it has read may be old. */
export function lockLostFailure(cause?: unknown): Failure {
  return new Failure('another git process has taken over', { code: 'lock_lost', cause })
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
  const isHeld = (): boolean => readOwner(`${path}.lock`)?.holding === owner.holding
  // A login that Ctrl-C ends leaves nothing behind either.
  const forget = beforeSignal(() => release(path, isHeld()))
  try {
    removeLeftovers(directory, `${path}.lock`)
    return await work({ isHeld })
  } finally {
    forget()
    // In the same turn of the event loop as the end of the work: no signal comes between, and leaves the lock behind.
    release(path, isHeld())
  }
}

function release(path: string, isHeld: boolean): void {
  try {
    if (isHeld) {
      removeOwner(`${path}.lock`)
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
  const watch = startLockWatch()
  let isTold = false
  for (;;) {
    // A signal between the making of the lock and its being known here would leave it behind.
    if (await holdSignals(() => tryLock(directory, path, owner))) return undefined
    breakForgottenLock(directory, `${path}.lock`, watch)
    const found = look?.()
    if (found !== undefined) return found
    const waited = performance.now() - started
    if (waited > SILENCE_MS && !isTold) {
      isTold = true
      tell(`waiting for another git process that renews the token or logs in to ${accountName(account)}`)
    }
    if (waited > patience * 1000) {
      throw new Failure(`waited ${patience} seconds for another git process that renews the token or logs in`, {
        code: 'locked',
        hints: ['finish or cancel the login in the other window, then run the command again'],
      })
    }
    await sleep(POLL_MS)
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
      update: UPDATE_MS,
      // The library's default throws inside a timer. Whoever works under the lock asks isHeld before it matters.
      onCompromised: () => {},
      fs: signedBy(owner),
    })
    return true
  } catch (error) {
    // Gone while the library was looking at it: this process was stopped for long.
    if (systemCode(error) === 'ELOCKED' || systemCode(error) === 'ENOENT') return false
    throw unlockableFailure(directory, error)
  }
}

function makeDirectory(directory: string): void {
  try {
    makePrivateDirectory(directory)
  } catch (error) {
    throw isFailure(error) ? error : unlockableFailure(directory, error)
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
      if (readOwner(path)?.holding === owner.holding) fs.utimes(path, atime, mtime, done)
      else done(Object.assign(new Error('the lock is lost'), { code: 'ENOENT' }))
    },
  }
}

function makeSigned(path: string, owner: Owner): NodeJS.ErrnoException | null {
  const neighbour = `${path}.${process.pid}`
  try {
    if (readOwner(path) !== undefined) return lockTakenError()
    rmSync(neighbour, { recursive: true, force: true })
    mkdirSync(neighbour, { mode: 0o700 })
    writeOwner(neighbour, owner)
    // In the place of nothing, or of an empty directory, whose owner is removing it.
    renameSync(neighbour, path)
    return null
  } catch (error) {
    rmSync(neighbour, { recursive: true, force: true })
    // Another one was faster, and may be done by now.
    if (TAKEN.has(systemCode(error) ?? '') || existsSync(path)) return lockTakenError()
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** What systems say when a directory is to take the place of one that is not empty. */
const TAKEN = new Set(['ENOTEMPTY', 'EEXIST', 'EPERM'])

function lockTakenError(): NodeJS.ErrnoException {
  return Object.assign(new Error('the lock is taken'), { code: 'EEXIST' })
}
