import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { APP_AUTHORIZATIONS_PAGE } from './bitbucket.ts'
import { replace, retryBusy } from './busy.ts'
import { Failure, orUndefined, systemCode } from './failure.ts'
import { readPrivate } from './readPrivate.ts'
import { quote } from './shell.ts'
import { reasonOf } from './systemError.ts'

/**
 * Reads a file that only this user can have written or read.
 *
 * @returns undefined where there is none
 * @throws Failure for anything else at that path: a link, another user's file, a mode beyond 0600
 */
export function readPrivateFile(path: string): string | undefined {
  const found = using(path, () => readPrivate(path))
  if ('text' in found) return found.text
  if (found.trouble === 'absent') return undefined
  if (found.trouble === 'not plain') throw new Failure(`${path} is not a plain file`, { hints: ['move it away'] })
  if (found.trouble === 'foreign') throw foreignFailure(path)
  throw new Failure(`${path} can be read or changed by other users`, {
    hints: [
      `if another person may have read it, withdraw the access on ${APP_AUTHORIZATIONS_PAGE}`,
      `chmod 600 ${quote(path)}`,
    ],
  })
}

/**
 * Writes a file whole or not at all. It is written to a neighbour, which has mode 0600 from its first moment, then
 * synced and renamed. A missing directory is made with mode 0700. All this happens in one turn of the event loop, so that
 * no signal's handler runs in the middle.
 *
 * The package write-file-atomic does not do: on a full disk it took a short write for a whole one, and renamed half a
 * file over a good one (seen with 7.0.1 on a tmpfs of 64 KiB).
 *
 * @throws Failure where the file cannot be written; the old file is still there then
 */
export function writePrivateFile(path: string, text: string): void {
  writeNeighbour(path, text, (neighbour) => replace(neighbour, path))
  // The new name outlasts a power cut then. Windows and some file systems cannot sync a directory.
  orUndefined(() => syncDirectory(dirname(path)))
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, constants.O_RDONLY)
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/**
 * Makes sure that {@link writePrivateFile} can write here, by doing all of it but the last step.
 *
 * @param size bytes that will have to fit
 * @throws Failure where it could not
 */
export function probePrivateFile(path: string, size: number): void {
  writeNeighbour(path, ' '.repeat(size), () => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Failure(`${path} is a directory, and a file has to be written there`, { hints: ['move it away'] })
    }
  })
}

/** @param use does the last step; the neighbour is gone afterwards */
function writeNeighbour(path: string, text: string, use: (neighbour: string) => void): void {
  const neighbour = `${path}.${process.pid}.new`
  const remove = (): void => orUndefined(() => unlinkSync(neighbour))
  const write = (): void => {
    makePrivateDirectory(dirname(path))
    // A killed process with the same number may have left it.
    remove()
    writeFileSync(neighbour, text, { flag: 'wx', mode: 0o600, flush: true })
  }
  using(path, () => {
    try {
      try {
        write()
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error
        // Another process, which had made the directory in vain, has just removed it.
        write()
      }
      use(neighbour)
    } finally {
      remove()
    }
  })
}

/**
 * Makes a directory that only this user can look into, with all missing ones above it.
 * One that is still empty at the end of the process is removed again, the last one first.
 *
 * @throws Failure where it cannot be made; where others could change what is in it; and where it would lie in another
 *   user's directory, which that user could then not use any more (sudo)
 */
export function makePrivateDirectory(directory: string): void {
  if (process.getuid === undefined) {
    mkdirSync(directory, { recursive: true })
    return
  }
  const own = process.getuid()
  const { path, uid } = findExisting(directory)
  if (path !== directory && uid !== own && uid !== 0) {
    throw new Failure(`${directory} is not made, because ${path} belongs to another user`, { hints: [AS_YOURSELF] })
  }
  const first = mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (first !== undefined) process.prependOnceListener('exit', () => removeEmpty(directory, first))
  // Both the directory and a link in its place have to be ours: another user may have planted either.
  const isOurs = lstatSync(directory).uid === own && statSync(directory).uid === own
  if (isOurs && (statSync(directory).mode & 0o022) === 0) return
  const stray = isOurs ? undefined : findStray(directory)
  if (!isOurs && stray === undefined) throw foreignFailure(directory)
  if (isOurs && !keepsModes(directory)) throw modelessFailure(directory)
  throw new Failure(`${directory} can be changed by other users, so no token is written there`, {
    hints: [isOurs ? `make it yours alone: chmod 700 ${quote(directory)}` : `move it away: ${stray}`],
  })
}

/** No hint is a chown: under sudo, it would lock the other user out. */
const AS_YOURSELF =
  'run it as yourself: without sudo, or with a home of its own (sudo -H, su -); in a container, set HOME and XDG_RUNTIME_DIR'

function foreignFailure(path: string): Failure {
  const stray = findStray(path)
  const hints = [stray === undefined ? AS_YOURSELF : `move it away: ${stray}`]
  return new Failure(`${path} belongs to another user`, { hints })
}

/** What another user has left in a directory of ours, perhaps under sudo. Else we are the stranger in theirs. */
function findStray(path: string): string | undefined {
  const parent = dirname(path)
  const own = process.getuid?.()
  if (statSync(parent).uid === own) return path
  // Root's directory is above all others.
  return own === 0 || parent === path ? undefined : findStray(parent)
}

/** Whether a directory that is made now has the mode that it is made with. */
function keepsModes(directory: string): boolean {
  const probe = join(directory, `.${process.pid}`)
  try {
    mkdirSync(probe, { mode: 0o700 })
    return (statSync(probe).mode & 0o022) === 0
  } catch {
    return true
  } finally {
    removeEmpty(probe, probe)
  }
}

function modelessFailure(directory: string): Failure {
  return new Failure(`${directory} is on a file system without permissions, so no token is written there`, {
    hints: [
      'let HOME, or XDG_DATA_HOME and XDG_CACHE_HOME, name a directory on a Linux file system',
      'for a drive of Windows in WSL: options = "metadata" below [automount] in /etc/wsl.conf, then wsl --shutdown',
    ],
  })
}

/** Removes a directory, and those above it up to the first one that was made for it, as far as they are empty. */
function removeEmpty(directory: string, first: string): void {
  try {
    for (let path = directory; path.startsWith(first); path = dirname(path)) rmdirSync(path)
  } catch {
    // Something is kept there.
  }
}

function findExisting(directory: string): { path: string; uid: number } {
  const found = lstatSync(directory, { throwIfNoEntry: false })
  return found === undefined ? findExisting(dirname(directory)) : { path: directory, uid: found.uid }
}

/** Removes a file. A missing one is no failure. */
export function removePrivateFile(path: string): void {
  using(path, () => {
    try {
      retryBusy(() => unlinkSync(path))
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
    }
  })
}

/** Does some work with a file, and makes a Failure of the system's errors. */
function using<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (error instanceof Failure) throw error
    const hints = ['correct that, and run the command again']
    throw new Failure(`${path} cannot be used: ${reasonOf(error)}`, { hints, cause: error })
  }
}
