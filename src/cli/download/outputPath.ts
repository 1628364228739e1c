import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, orUndefined, systemCode } from '../../base/failure.ts'

/**
 * Where an output goes that a person has typed. A link is followed only where it and its directory belong to this user or to
 * root: in a directory such as /tmp, another user may have put it there. Else a file takes the place of the link.
 */
export function followOwnLink(path: string): string {
  const link = orUndefined(() => lstatSync(path))
  const directory = orUndefined(() => statSync(dirname(path)))
  const isOwn = link?.isSymbolicLink() === true && isOurs(link) && directory !== undefined && isGuarded(directory)
  return isOwn ? (orUndefined(() => realpathSync(path)) ?? path) : path
}

/** Whether a pipe, a terminal or `/dev/null` is at a path: it is written into, and not replaced. */
export function isDevice(path: string): boolean {
  const found = orUndefined(() => statSync(path))
  return found !== undefined && !found.isFile() && !found.isDirectory()
}

/** Between two tries at a pipe that nobody reads, or that is full. Milliseconds. */
const PAUSE_MS = 20

/**
 * Opens a pipe, a terminal or `/dev/null`. Without a reader it waits, and a signal ends the wait.
 *
 * @throws Failure for one that belongs to another user, who would read what is written
 */
export async function openDevice(path: string): Promise<number> {
  for (;;) {
    try {
      const file = openSync(path, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0))
      if (isOurs(fstatSync(file)) || /^\/(dev|proc)\//.test(path)) return file
      closeSync(file)
      throw new Failure(`${path} belongs to another user, so nothing is written there`, {
        code: 'usage',
        hints: ['name a file, or a pipe of your own'],
      })
    } catch (error) {
      // The system's word for a pipe without a reader.
      if (systemCode(error) !== 'ENXIO') throw error
      await waitForReader()
    }
  }
}

/** To be awaited before a full pipe is written to once more. */
export async function waitForReader(): Promise<void> {
  await sleep(PAUSE_MS)
}

/** Belongs to this user or to root. Windows does not say. */
export function isOurs({ uid }: Stats): boolean {
  return process.getuid === undefined || uid === process.getuid() || uid === 0
}

/** Whether other users cannot put anything in the place of what is in a directory. */
export function isGuarded(directory: Stats): boolean {
  const isSticky = (directory.mode & 0o1000) !== 0
  // A group whose number is the user's has nobody else in it (Debian, Fedora).
  const others = directory.gid === directory.uid ? 0o002 : 0o022
  return isOurs(directory) && ((directory.mode & others) === 0 || isSticky)
}
