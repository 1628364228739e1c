import { closeSync, constants, existsSync, fstatSync, openSync, type Stats } from 'node:fs'

/** A directory under a path that goes on leading to it when something else is put in its place. */
export type Pinned = { readonly path: string; readonly unpin: () => void }

/** Open files as paths (Linux, proc(5)). Elsewhere a path is all that Node has. */
const OPEN_FILES = '/proc/self/fd'

/** @throws what the system says */
export function pinDirectory(path: string): Pinned {
  return pin(path, 0)
}

/** Pins a directory that was just made; an Error where something else is there by now. */
export function pinOwnDirectory(path: string): Pinned {
  return pin(path, constants.O_NOFOLLOW, isPrivate)
}

/** Whether it is a directory of this user's, in which nobody else can write. */
export function isPrivate(found: Stats): boolean {
  const isOwn = process.getuid === undefined || found.uid === process.getuid()
  return found.isDirectory() && isOwn && (process.platform === 'win32' || (found.mode & 0o077) === 0)
}

function pin(path: string, flags: number, isWanted: (found: Stats) => boolean = () => true): Pinned {
  if (process.platform !== 'linux' || !existsSync(OPEN_FILES)) return { path, unpin: () => {} }
  const file = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | flags)
  if (isWanted(fstatSync(file))) return { path: `${OPEN_FILES}/${file}`, unpin: () => closeSync(file) }
  closeSync(file)
  throw Object.assign(new Error(`${path} was replaced`), { code: 'EPERM', syscall: 'open', path })
}
