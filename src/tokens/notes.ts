import { orUndefined } from '../base/failure.ts'
import { type JsonObject, parseObject } from '../base/json.ts'
import { readPrivateFile, removePrivateFile, writePrivateFile } from '../base/privateFile.ts'
import type { Account } from './account.ts'
import { recordPath } from './recordFile.ts'

/** Left for the next processes, beside the access token and without a secret: that a login failed; or a new token did. */
export const NOTES = ['failed-login', 'refused'] as const

type NoteName = (typeof NOTES)[number]

/** Writes a note into the runtime directory. An error is ignored: without the note the next process just asks again. */
export function leaveNote(directory: string, account: Account, name: NoteName, note: JsonObject): void {
  orUndefined(() => writePrivateFile(notePath(directory, account, name), JSON.stringify(note)))
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
