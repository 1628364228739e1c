import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { systemCode } from './failure.ts'

/** What is at a path: a file that only this user can have written or read, or why it is none. */
export type PrivateText = { readonly text: string } | { readonly trouble: 'absent' | 'not plain' | 'foreign' | 'open' }

/**
 * Reads a file that only this user can have written or read. It has no words for people, because the cached path needs
 * none; privateFile.ts has them.
 *
 * @throws Error the system's
 */
export function readPrivate(path: string): PrivateText {
  let file: number
  try {
    // NONBLOCK: another user may have put a named pipe there, which would block us for ever.
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    // A name that is too long for the file system was never written.
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENAMETOOLONG') return { trouble: 'absent' }
    throw error
  }
  try {
    const found = fstatSync(file)
    if (!found.isFile()) return { trouble: 'not plain' }
    if (process.getuid !== undefined && found.uid !== process.getuid()) return { trouble: 'foreign' }
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) return { trouble: 'open' }
    return { text: readFileSync(file, 'utf8') }
  } finally {
    closeSync(file)
  }
}
