import { existsSync, readdirSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Failure, systemCode } from '../failure.ts'
import { type JsonObject, parseObject } from '../json.ts'
import { probePrivateFile, readPrivateFile, removePrivateFile, writePrivateFile } from './privateFile.ts'
import type { Account } from './token.ts'

/** The version of a record's form; every record carries it. */
const VERSION = 1

/** What a record may need, in bytes: today's tokens are about 2,500 long (CHANGE-3052), with room to grow. */
const ROOM = 16 * 1024

/**
 * Reads the record of an account from a directory: one JSON file for each account.
 *
 * @returns undefined where there is none, `damaged` for what is no record of this account, `newer` for one that only a
 *   later version of this program understands
 * @throws Failure where something is there that can't be read
 */
export function readRecord(directory: string, account: Account): JsonObject | 'damaged' | 'newer' | undefined {
  const text = readPrivateFile(recordPath(directory, account))
  if (text === undefined) return undefined
  const record = parseObject(text)
  if (record === undefined) return 'damaged'
  const { version, protocol, host, ...fields } = record
  if (typeof version === 'number' && version > VERSION) return 'newer'
  // The file's name says the account already; a file that was copied by hand must not send a token to another host.
  if (version !== VERSION || protocol !== account.protocol || host !== account.host) return 'damaged'
  return fields
}

/** Whether anything stands where the account's record would, readable or not. */
export function hasRecord(directory: string, account: Account): boolean {
  return existsSync(recordPath(directory, account))
}

/** @throws Failure where it cannot be written; an older record still stands then */
export function writeRecord(directory: string, account: Account, fields: JsonObject): void {
  const { protocol, host } = account
  writePrivateFile(recordPath(directory, account), JSON.stringify({ version: VERSION, protocol, host, ...fields }))
}

/** @throws Failure where {@link writeRecord} could not write */
export function probeRecord(directory: string, account: Account): void {
  probePrivateFile(recordPath(directory, account), ROOM)
}

/** Forgets a record; none being there is as good. */
export function removeRecord(directory: string, account: Account): void {
  removePrivateFile(recordPath(directory, account))
}

/** What may lie beside a record: the note of a failed login, a damaged record, what a killed process left half-written. */
const BESIDE = /^(\.failed-login|\.damaged-\d+|\.\d+\.new)?$/

/** Forgets a record with all that lies beside it; a lock stays, it is somebody's. */
export function removeAllOf(directory: string, account: Account): void {
  const name = basename(recordPath(directory, account))
  for (const other of listNames(directory)) {
    if (other.startsWith(name) && BESIDE.test(other.slice(name.length))) removePrivateFile(join(directory, other))
  }
}

function listNames(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw new Failure(`${directory} cannot be read (${systemCode(error) ?? String(error)})`, { cause: error })
  }
}

/**
 * Moves a record out of the way without losing it, and says where it was and is.
 *
 * @throws Failure where it can't be moved
 */
export function setRecordAside(directory: string, account: Account): { path: string; aside: string } {
  const path = recordPath(directory, account)
  const aside = `${path}.damaged-${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    throw new Failure(`${path} is damaged and cannot be set aside (${systemCode(error) ?? String(error)})`, {
      hints: ['move it away'],
      cause: error,
    })
  }
  return { path, aside }
}

/**
 * Where the account's record lies: its URL, percent-encoded, as a file name, so that no host can name another place, and no
 * two accounts share a file.
 */
export function recordPath(directory: string, { protocol, host }: Account): string {
  return join(directory, `${encodeURIComponent(`${protocol}://${host}`).replaceAll('*', '%2A')}.json`)
}
