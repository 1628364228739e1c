import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { APP_AUTHORIZATIONS_PAGE } from './bitbucket.ts'
import { Failure, systemCode } from './failure.ts'
import { quote } from './shell.ts'
import { reasonOf } from './systemError.ts'

/**
 * Reads a file that only its owner can have written or read.
 *
 * @returns undefined where there is none
 * @throws Failure for anything that stands there and is not a plain file of this user's with mode 0600 or less
 */
export function readPrivateFile(path: string): string | undefined {
  let file: number
  try {
    // NONBLOCK: a named pipe planted at the place must not hold us for ever.
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    // A name too long for the file system was never written either.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENAMETOOLONG') return undefined
    throw unusableFailure(path, error)
  }
  try {
    const found = fstatSync(file)
    if (!found.isFile()) throw new Failure(`${path} is not a plain file`, { hints: ['move it away'] })
    if (process.getuid !== undefined && found.uid !== process.getuid()) {
      throw new Failure(`${path} belongs to another user`, { hints: ['move it away'] })
    }
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
      throw new Failure(`${path} can be read or changed by other users`, {
        hints: [
          `if somebody may have read it, take the access back on ${APP_AUTHORIZATIONS_PAGE}`,
          `chmod 600 ${quote(path)}`,
        ],
      })
    }
    // Not readFileSync, which would ask for the size once more: this is the cached path.
    const bytes = Buffer.allocUnsafe(found.size)
    return bytes.toString('utf8', 0, readSync(file, bytes))
  } catch (error) {
    throw error instanceof Failure ? error : unusableFailure(path, error)
  } finally {
    closeSync(file)
  }
}

/**
 * Writes a file whole or not at all: to a neighbour that is mode 0600 from its first moment, synced, then renamed. Its
 * directory is made, with mode 0700, where it is missing. All in one turn of the event loop, so that no signal's
 * handler runs in the middle.
 *
 * Not write-file-atomic: on a full disk it takes a short write for a whole one, and renames half a file over a good
 * one (seen with 7.0.1 on a tmpfs of 64 KiB).
 *
 * @throws Failure where the file cannot be written; what stood there before still stands
 */
export function writePrivateFile(path: string, text: string): void {
  const neighbour = neighbourOf(path)
  try {
    writeNeighbour(path, neighbour, text)
    renameSync(neighbour, path)
  } catch (error) {
    removeQuietly(neighbour)
    throw error instanceof Failure ? error : unusableFailure(path, error)
  }
  syncDirectory(dirname(path))
}

/** So that the new name outlasts a power cut too; the file stands either way, so what cannot be synced is no failure. */
function syncDirectory(directory: string): void {
  try {
    const handle = openSync(directory, constants.O_RDONLY)
    try {
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
  } catch {
    // Windows has no such thing, and some file systems do not either.
  }
}

/**
 * Makes sure that {@link writePrivateFile} can write here, by doing all of it but the last step. `size` in bytes is
 * what will have to fit.
 *
 * @throws Failure where it could not
 */
export function probePrivateFile(path: string, size: number): void {
  const neighbour = neighbourOf(path)
  try {
    writeNeighbour(path, neighbour, ' '.repeat(size))
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Failure(`${path} is a directory, and a file has to be written there`, { hints: ['move it away'] })
    }
  } catch (error) {
    throw error instanceof Failure ? error : unusableFailure(path, error)
  } finally {
    removeQuietly(neighbour)
  }
}

/**
 * Makes a directory that nobody else can look into, with those above it that are missing.
 *
 * @throws Failure where it cannot be made, where others could change what lies in it, and where it would be made among
 *   another user's things: under sudo, that user could not use them any more
 */
export function makePrivateDirectory(directory: string): void {
  if (process.getuid === undefined) {
    mkdirSync(directory, { recursive: true })
    return
  }
  const own = process.getuid()
  const { path, uid } = findExisting(directory)
  if (path !== directory && uid !== own && uid !== 0) {
    throw new Failure(`${directory} is not made, because ${path} belongs to another user`, {
      hints: ["under sudo or su, use that user's own HOME and XDG_RUNTIME_DIR: sudo -H, su -"],
    })
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Both the directory and a link in its place: what another user planted belongs to that user.
  const isOurs = lstatSync(directory).uid === own && statSync(directory).uid === own
  if (!isOurs || (statSync(directory).mode & 0o022) !== 0) {
    throw new Failure(`${directory} can be changed by other users, so no token is written there`, {
      hints: [`make it yours alone: chown "$(id -u)" ${quote(directory)} && chmod 700 ${quote(directory)}`],
    })
  }
}

/** The nearest directory upwards that exists, and its owner. */
function findExisting(directory: string): { path: string; uid: number } {
  const found = lstatSync(directory, { throwIfNoEntry: false })
  return found === undefined ? findExisting(dirname(directory)) : { path: directory, uid: found.uid }
}

/** Removes a file; none being there is as good. */
export function removePrivateFile(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw unusableFailure(path, error)
  }
}

function neighbourOf(path: string): string {
  return `${path}.${process.pid}.new`
}

function writeNeighbour(path: string, neighbour: string, text: string): void {
  makePrivateDirectory(dirname(path))
  // What a killed process with our number left behind.
  removeQuietly(neighbour)
  writeFileSync(neighbour, text, { flag: 'wx', mode: 0o600, flush: true })
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // It is not there, or the failure that brought us here is the one to tell.
  }
}

function unusableFailure(path: string, error: unknown): Failure {
  return new Failure(`${path} cannot be used: ${reasonOf(error)}`, {
    hints: ['mend that and run the command again'],
    cause: error,
  })
}
