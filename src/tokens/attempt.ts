import { statSync } from 'node:fs'
import { removePrivateFile, writePrivateFile } from './privateFile.ts'
import { recordPath } from './record.ts'
import type { Account } from './token.ts'

/** Notes that a login came to nothing, for the processes that waited for it: one browser for all of them is enough. */
export function noteFailedLogin(directory: string, account: Account): void {
  removePrivateFile(notePath(directory, account))
  writePrivateFile(notePath(directory, account), '')
}

/** When the last login came to nothing, in seconds since 1970; undefined where none did. */
export function lastFailedLogin(directory: string, account: Account): number | undefined {
  const found = statSync(notePath(directory, account), { throwIfNoEntry: false })
  return found && found.mtimeMs / 1000
}

function notePath(directory: string, account: Account): string {
  return `${recordPath(directory, account)}.failed-login`
}
