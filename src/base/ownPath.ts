import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { Failure, orUndefined } from './failure.ts'

/**
 * Opens for writing what a person or a variable names: a file, a pipe, a terminal. Waits for nobody who reads.
 *
 * @param flags beside those for writing
 * @throws Failure for what belongs to another user, who would read what is written; Error the system's, as `ENXIO` for a
 *   pipe that nobody reads, or `ELOOP` for a link that may be another user's
 */
export function openOwn(path: string, flags = 0): number {
  const isStream = isOwnStream(path)
  const way = isStream ? path : followOwnLink(path)
  const file = openSync(way, flags | WRITE | (isStream ? 0 : NOFOLLOW), 0o600)
  if (isStream || isOurs(fstatSync(file))) return file
  closeSync(file)
  throw new Failure(`${path} belongs to another user, so nothing is written there`, {
    code: 'usage',
    hints: ['name a file, or a pipe of your own'],
  })
}

// Windows has none of the three.
const WRITE = constants.O_WRONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0)
const NOFOLLOW = constants.O_NOFOLLOW ?? 0

/** Whether this process was given it, after `su` by another user, as `/dev/stdin`. In two directories there, all users can write. */
export function isOwnStream(path: string): boolean {
  return /^\/(proc|dev(?!\/(shm|mqueue)\/))\//.test(path)
}

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

/** Belongs to this user or to root. Windows does not say. */
function isOurs({ uid }: Stats): boolean {
  return process.getuid === undefined || uid === process.getuid() || uid === 0
}

/** Whether other users cannot put anything in the place of what is in a directory. */
export function isGuarded(directory: Stats): boolean {
  const isSticky = (directory.mode & 0o1000) !== 0
  // A group whose number is the user's has nobody else in it (Debian, Fedora).
  const others = directory.gid === directory.uid ? 0o002 : 0o022
  return isOurs(directory) && ((directory.mode & others) === 0 || isSticky)
}
