import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, systemCode } from '../base/failure.ts'
import type { JsonObject } from '../base/json.ts'
import { probePrivateFile, readPrivateFile, removePrivateFile, writePrivateFile } from '../base/privateFile.ts'
import { type Account, defaultAccount } from './account.ts'
import { formatRecord, type ParsedRecord, parseRecord, parseRecordName, recordName } from './record.ts'

/**
 * Reads the record of an account from a directory: one JSON file for each account.
 *
 * @throws Failure where something is there that can't be read
 */
export function readRecord(directory: string, account: Account): ParsedRecord {
  const text = readPrivateFile(recordPath(directory, account))
  return text === undefined ? undefined : parseRecord(text, account)
}

/** Whether anything stands where the account's record would, readable or not. */
export function hasRecord(directory: string, account: Account): boolean {
  return existsSync(recordPath(directory, account))
}

/**
 * Who answers for an account: itself where it has a login of its own, else the default account of its host.
 *
 * @param logins the data directory
 */
export function answeringAccount(logins: string, wanted: Account): Account {
  return hasRecord(logins, wanted) ? wanted : defaultAccount(wanted)
}

/** The accounts that have a record here, the default account of a host before the others. */
export function listAccounts(directory: string): Account[] {
  return listNames(directory)
    .toSorted((one, other) => one.length - other.length || one.localeCompare(other))
    .map((name) => parseRecordName(name))
    .filter((account) => account !== undefined)
}

/** @throws Failure where it cannot be written; an older record still stands then */
export function writeRecord(directory: string, account: Account, fields: JsonObject): void {
  writePrivateFile(recordPath(directory, account), formatRecord(account, fields))
}

/**
 * @param size what will have to fit, in bytes
 * @throws Failure where {@link writeRecord} could not write
 */
export function probeRecord(directory: string, account: Account, size: number): void {
  probePrivateFile(recordPath(directory, account), size)
}

/** Forgets a record; none being there is as good. */
export function removeRecord(directory: string, account: Account): void {
  removePrivateFile(recordPath(directory, account))
}

/**
 * What may lie beside a record: notes, a rescued or damaged record, what a killed process left
 * half-written.
 */
const BESIDE = /^(\.failed-login|\.refused|\.rescued|\.damaged-\d+|(\.failed-login|\.refused|\.rescued)?\.\d+\.new)?$/

/** What processes that were killed had written and not yet put into its place: the whole records of the account. */
export function listUnfinished(directory: string, account: Account): JsonObject[] {
  return namesOfUnfinished(directory, account)
    .map((name) => readPrivateFile(join(directory, name)) ?? '')
    .map((text) => parseRecord(text, account))
    .filter((record) => typeof record === 'object')
}

/** To be called by whoever has the lock: then nobody is about to finish them. */
export function removeUnfinished(directory: string, account: Account): void {
  for (const name of namesOfUnfinished(directory, account)) removePrivateFile(join(directory, name))
}

function namesOfUnfinished(directory: string, account: Account): string[] {
  const start = recordName(account)
  return listNames(directory).filter((name) => name.startsWith(start) && UNFINISHED.test(name.slice(start.length)))
}

const UNFINISHED = /^(\.failed-login|\.refused|\.rescued)?\.\d+\.new$/

/** Forgets a record with all that lies beside it; a lock stays, it is somebody's. */
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

/** Where the account's record lies. */
export function recordPath(directory: string, account: Account): string {
  return join(directory, recordName(account))
}
