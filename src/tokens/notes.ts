import { orUndefined } from '../base/failure.ts'
import { type JsonObject, parseObject } from '../base/json.ts'
import { readPrivateFile, removePrivateFile, writePrivateFile } from '../base/privateFile.ts'
import type { Account } from './account.ts'
import { recordPath } from './recordFile.ts'

/** Left for the next processes, beside the access token and without a secret: that a login failed; or a new token did. */
export const NOTES = ['failed-login', 'refused'] as const

/** That which stays as long as the login, beside its record, and says who has logged in. */
type NoteName = (typeof NOTES)[number] | 'user'

/** Writes a note, `user` into the data directory, else into the runtime directory. An error is ignored: the next process asks again. */
export function leaveNote(directory: string, account: Account, name: NoteName, note: JsonObject): void {
  orUndefined(() => writePrivateFile(notePath(directory, account, name), JSON.stringify(note)))
}

/** Who has logged in to an account, as the server said at the login; undefined where it did not. */
export function readUser(data: string, account: Account): string | undefined {
  const name = readNote(data, account, 'user')?.['name']
  return typeof name === 'string' ? name : undefined
}

/** @returns undefined where there is none */
export function readNote(directory: string, account: Account, name: NoteName): JsonObject | undefined {
  return orUndefined(() => parseObject(readPrivateFile(notePath(directory, account, name)) ?? ''))
}

/** A missing note is no failure. */
export function removeNote(directory: string, account: Account, name: NoteName): void {
  orUndefined(() => removePrivateFile(notePath(directory, account, name)))
}

function notePath(directory: string, account: Account, name: NoteName): string {
  return `${recordPath(directory, account)}.${name}`
}
