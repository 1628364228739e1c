import fs, { existsSync, mkdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { lock, unlockSync } from 'proper-lockfile'
import { replace, retryBusy } from '../../base/busy.ts'
import { Failure, isFailure, orUndefined, systemCode } from '../../base/failure.ts'
import { makePrivateDirectory } from '../../base/privateFile.ts'
import { beforeSignal, holdSignals } from '../../base/signals.ts'
import { type Account, accountName } from '../account.ts'
import { recordPath } from '../recordFile.ts'
import { newOwner, type Owner, readOwner, removeOwner, writeOwner } from './owner.ts'
import { breakAbandonedLock, removeLeftovers, startLockWatch, unlockableFailure } from './takeover.ts'

/** How often the holder touches the lock. After ten seconds without a touch the lock counts as abandoned. Milliseconds. */
const UPDATE_MS = 2_500

/**
 * How soon a waiting process looks again: later the longer it has waited, for many that look slow down the one that works. A
 * refresh takes some 200 ms. Milliseconds.
 */
const POLL_MS = 25
const LONGEST_POLL_MS = 250

/** After this long a waiting process says what it waits for. Milliseconds. */
const SILENCE_MS = 5_000

export type LockOptions<Result> = {
  /** How long to wait for the lock, in seconds. */
  readonly patience: number
  /** Takes a sentence when the wait gets long. */
  readonly tell: (text: string) => void
  /** Looks, while waiting, whether another process has done the work already. That is the result then. */
  readonly look?: () => Result | undefined
}

/** The lock, as the work under it sees it. */
export type Lock = {
  /** False where this process was stopped for so long that another one has taken the lock over. */
  readonly isHeld: () => boolean
}

/**
 * To be called right before a refresh token is sent or a person is asked.
 *
 * @throws Failure `lock_lost` where this process was stopped for so long that another one has taken the lock over
 */
export function assertLockHeld({ isHeld }: Lock): void {
  if (!isHeld()) throw lockLostFailure()
}

/** The work has to begin again, because what it has read may be old. */
export function lockLostFailure(cause?: unknown): Failure {
  return new Failure('another git process has taken over', { code: 'lock_lost', cause })
}

/**
 * Does some work while no other process works on the same account.
 *
 * @param directory the data directory, which the lock protects
 * @throws Failure where the lock cannot be taken; with the code `locked` where another process has it
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
  // Ctrl-C in a login releases the lock too.
  const releaseEarly = (): void => release(path, isHeld())
  const forget = beforeSignal(releaseEarly)
  process.once('exit', releaseEarly)
  try {
    removeLeftovers(directory, `${path}.lock`)
    return await work({ isHeld })
  } finally {
    forget()
    process.off('exit', releaseEarly)
    // This is the same turn of the event loop as the end of the work. No signal comes between and leaves the lock behind.
    release(path, isHeld())
  }
}

function release(path: string, isHeld: boolean): void {
  try {
    if (isHeld) {
      removeOwner(`${path}.lock`)
      unlockSync(path, { realpath: false })
    } else {
      // Another process has it now. The library forgets it, and removes a path that does not exist.
      unlockSync(path, { realpath: false, lockfilePath: `${path}.lock.lost` })
    }
  } catch {
    // The next process removes the lock of one that has ended.
  }
}

/**
 * Waits for the lock. The library's own retries would go on after errors that no wait can cure.
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
    // A signal between the two steps would leave the lock behind: it is made, and then known here.
    if (await holdSignals(() => tryLock(directory, path, owner))) return undefined
    breakAbandonedLock(directory, `${path}.lock`, watch)
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
    await sleep(Math.min(Math.max(POLL_MS, waited / 20), LONGEST_POLL_MS))
  }
}

/** @returns whether the lock is ours now; false where another process has it */
async function tryLock(directory: string, path: string, owner: Owner): Promise<boolean> {
  makeDirectory(directory)
  try {
    await lock(path, {
      realpath: false,
      // Never stale: the library looks at a lock's age and removes it in two steps. Of two waiting processes the slower
      // one may remove the lock that the faster one has just made. Both would spend the same refresh token.
      stale: NEVER,
      update: UPDATE_MS,
      // The library's default throws inside a timer. The work under the lock asks isHeld before it matters.
      onCompromised: () => {},
      fs: signedBy(owner),
    })
    return true
  } catch (error) {
    // The lock went while the library looked at it: this process was stopped for long.
    if (systemCode(error) === 'ELOCKED' || systemCode(error) === 'ENOENT') return false
    throw unlockableFailure(systemCode(error) === 'ENOTDIR' ? `${path}.lock` : directory, error)
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
 * The file system that the library works on. A directory gets its owner file before it becomes the lock, so neither is
 * ever without the other. The library removes only empty directories, so it cannot remove a lock that another process has
 * taken over. Nor does it touch such a lock: its owner would believe that it was lost.
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
    retryBusy(() => {
      rmSync(neighbour, { recursive: true, force: true })
      mkdirSync(neighbour, { mode: 0o700 })
      writeOwner(neighbour, owner)
    })
    // It replaces nothing, or an empty directory, which its owner is removing.
    replace(neighbour, path)
    return null
  } catch (error) {
    orUndefined(() => rmSync(neighbour, { recursive: true, force: true }))
    const code = systemCode(error) ?? ''
    // Another process was faster, and may be done by now; or it is a file, which is taken over like an abandoned lock.
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || (code === 'ENOTDIR' && existsSync(path))) return lockTakenError()
    return error instanceof Error ? error : new Error(String(error))
  }
}

function lockTakenError(): NodeJS.ErrnoException {
  return Object.assign(new Error('the lock is taken'), { code: 'EEXIST' })
}
