import { type JsonObject, parseObject } from '../base/json.ts'
import { type Account, accountUrl } from './account.ts'

/** The version of the records' format. Every record has it, in files and in the keyring. */
const VERSION = 1

/** The fields of a record, or what is wrong with it. */
export type ParsedRecord = JsonObject | 'damaged' | 'newer' | undefined

/** A record as text: JSON in one line, which names its account. */
export function formatRecord(account: Account, fields: JsonObject): string {
  const { protocol, host, contextPath, username } = account
  return JSON.stringify({
    version: VERSION,
    protocol,
    host,
    ...(contextPath === undefined ? {} : { contextPath }),
    ...(username === undefined ? {} : { username }),
    ...fields,
  })
}

/**
 * The fields of an account's record. `damaged` is a text that is no record of this account: its path names the account
 * too, but a file that was copied by hand must not send a token to another host. `newer` is a record that only a later
 * version of this program understands.
 */
export function parseRecord(text: string, account: Account): JsonObject | 'damaged' | 'newer' {
  const record = parseObject(text)
  if (record === undefined) return 'damaged'
  const { version, protocol, host, contextPath, username, ...fields } = record
  if (typeof version === 'number' && version > VERSION) return 'newer'
  const isOurs =
    protocol === account.protocol &&
    host === account.host &&
    contextPath === account.contextPath &&
    username === account.username
  return version === VERSION && isOurs ? fields : 'damaged'
}

/**
 * The file name of an account's record. It is the account's URL, percent-encoded, so that no host or username can name
 * another directory, and no two accounts share a file.
 */
export function recordName(account: Account): string {
  return `${encodeURIComponent(accountUrl(account)).replaceAll('*', '%2A')}.json`
}

/** The account of a record's file name; undefined for any other name. */
export function parseRecordName(name: string): Account | undefined {
  const text = decode(name.replace(/\.json$/, ''))
  const [, protocol, username, host, contextPath] = ACCOUNT_URL.exec(text ?? '') ?? []
  if (protocol === undefined || host === undefined) return undefined
  const account = {
    protocol,
    host,
    ...(contextPath === undefined ? {} : { contextPath }),
    ...(username === undefined ? {} : { username: decode(username) ?? '' }),
  }
  return recordName(account) === name ? account : undefined
}

const ACCOUNT_URL = /^([^:]+):\/\/(?:([^@]+)@)?([^/@]+)(\/.+)?$/

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
