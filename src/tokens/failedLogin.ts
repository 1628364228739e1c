import { statSync } from 'node:fs'
import { writePrivateFile } from './privateFile.ts'
import { recordPath } from './recordFile.ts'
import type { Account } from './token.ts'

/**
 * Notes that a login came to nothing, for the processes that waited for it: one browser for all of them is enough.
 *
 * @param directory the runtime directory
 */
export function noteFailedLogin(directory: string, account: Account): void {
  try {
    writePrivateFile(notePath(directory, account), '')
  } catch {
    // Why the login failed is the thing to tell; without the note the next process asks once more.
  }
}

/** When a login last came to nothing, in seconds since 1970; undefined where none is known of. */
export function readFailedLogin(directory: string, account: Account): number | undefined {
  try {
    return statSync(notePath(directory, account)).mtimeMs / 1000
  } catch {
    return undefined
  }
}

function notePath(directory: string, account: Account): string {
  return `${recordPath(directory, account)}.failed-login`
}
