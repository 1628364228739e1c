import { existsSync, readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { replace } from '../base/busy.ts'
import { Failure, systemCode } from '../base/failure.ts'
import type { JsonObject } from '../base/json.ts'
import { probePrivateFile, readPrivateFile, removePrivateFile, writePrivateFile } from '../base/privateFile.ts'
import { type Account, defaultAccount } from './account.ts'
import { formatRecord, type ParsedRecord, parseRecord, parseRecordName, recordName } from './record.ts'

/**
 * Reads the record of an account from a directory, which has one JSON file for each account.
 *
 * @throws Failure where the file cannot be read
 */
export function readRecord(directory: string, account: Account): ParsedRecord {
  const text = readPrivateFile(recordPath(directory, account))
  return text === undefined ? undefined : parseRecord(text, account)
}

/** Whether the account has a record, readable or not. */
export function hasRecord(directory: string, account: Account): boolean {
  return existsSync(recordPath(directory, account))
}

/**
 * The account that answers for another: the same one where it has a login, else the default account of its host.
 *
 * @param logins the data directory
 */
export function answeringAccount(logins: string, wanted: Account): Account {
  return hasRecord(logins, wanted) ? wanted : defaultAccount(wanted)
}

/** The accounts with a record in a directory, the default account of each host before the others. */
export function listAccounts(directory: string): Account[] {
  return listNames(directory)
    .toSorted((one, other) => one.length - other.length || one.localeCompare(other))
    .map((name) => parseRecordName(name))
    .filter((account) => account !== undefined)
}

/** @throws Failure where it cannot be written; the old record is still there then */
export function writeRecord(directory: string, account: Account, fields: JsonObject): void {
  writePrivateFile(recordPath(directory, account), formatRecord(account, fields))
}

/**
 * Makes sure that a record can be written.
 *
 * @param size bytes that will have to fit
 * @throws Failure where {@link writeRecord} could not write
 */
export function probeRecord(directory: string, account: Account, size: number): void {
  probePrivateFile(recordPath(directory, account), size)
}

/** Removes a record. A missing one is no failure. */
export function removeRecord(directory: string, account: Account): void {
  removePrivateFile(recordPath(directory, account))
}

/**
 * The endings of an account's other files: notes, a rescued or damaged record, and unfinished files of killed processes.
 */
const BESIDE =
  /^(\.failed-login|\.refused|\.renewal|\.rescued|\.user|\.damaged-\d+|(\.failed-login|\.refused|\.rescued|\.user)?\.\d+\.new)?$/

/** The account's whole records that killed processes have written and not yet renamed. */
export function listUnfinished(directory: string, account: Account): JsonObject[] {
  return namesOfUnfinished(directory, account)
    .map((name) => readPrivateFile(join(directory, name)) ?? '')
    .map((text) => parseRecord(text, account))
    .filter((record) => typeof record === 'object')
}

/** To be called under the account's lock: then no process is about to finish them. */
export function removeUnfinished(directory: string, account: Account): void {
  for (const name of namesOfUnfinished(directory, account)) removePrivateFile(join(directory, name))
}

function namesOfUnfinished(directory: string, account: Account): string[] {
  const start = recordName(account)
  return listNames(directory).filter((name) => name.startsWith(start) && UNFINISHED.test(name.slice(start.length)))
}

const UNFINISHED = /^(\.failed-login|\.refused|\.rescued|\.user)?\.\d+\.new$/

/** Removes a record with its other files. A lock stays, because a process may hold it. */
export function removeAllOf(directory: string, account: Account): void {
  const name = recordName(account)
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
 * Renames a damaged record, so that it is not lost.
 *
 * @throws Failure where it cannot be renamed
 */
export function setRecordAside(directory: string, account: Account): { path: string; aside: string } {
  const path = recordPath(directory, account)
  const aside = `${path}.damaged-${process.pid}`
  try {
    replace(path, aside)
  } catch (error) {
    throw new Failure(`${path} is damaged and cannot be set aside (${systemCode(error) ?? String(error)})`, {
      hints: ['move it away'],
      cause: error,
    })
  }
  return { path, aside }
}

/** The path of the account's record. */
export function recordPath(directory: string, account: Account): string {
  return `${directory}${sep}${recordName(account)}`
}
