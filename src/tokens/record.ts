import { type JsonObject, parseObject } from '../base/json.ts'
import { type Account, accountUrl } from './account.ts'

/** The version of a record's form; every record carries it, in whatever store. */
const VERSION = 1

/** What a store gives for an account: its record's fields, or what is wrong with it. */
export type ParsedRecord = JsonObject | 'damaged' | 'newer' | undefined

/** A record as text: JSON in one line, that says whose it is. */
export function formatRecord(account: Account, fields: JsonObject): string {
  const { protocol, host, username } = account
  return JSON.stringify({
    version: VERSION,
    protocol,
    host,
    ...(username === undefined ? {} : { username }),
    ...fields,
  })
}

/**
 * The fields of an account's record. `damaged` is what is no record of this account: where a record lies says whose it
 * is already, but one that was copied by hand must not send a token to another host. `newer` is what only a later
 * version of this program understands.
 */
export function parseRecord(text: string, account: Account): JsonObject | 'damaged' | 'newer' {
  const record = parseObject(text)
  if (record === undefined) return 'damaged'
  const { version, protocol, host, username, ...fields } = record
  if (typeof version === 'number' && version > VERSION) return 'newer'
  const isOurs = protocol === account.protocol && host === account.host && username === account.username
  return version === VERSION && isOurs ? fields : 'damaged'
}

/**
 * The file name of an account's record: its URL, percent-encoded, so that no host or username can name another place,
 * and no two accounts share a file.
 */
export function recordName(account: Account): string {
  return `${encodeURIComponent(accountUrl(account)).replaceAll('*', '%2A')}.json`
}

/** The account of a record's file; undefined for a file of another kind. */
export function parseRecordName(name: string): Account | undefined {
  const text = decode(name.replace(/\.json$/, ''))
  if (text === undefined || !URL.canParse(text)) return undefined
  const { protocol, host, username } = new URL(text)
  const account = {
    protocol: protocol.slice(0, -1),
    host,
    ...(username === '' ? {} : { username: decode(username) ?? '' }),
  }
  return recordName(account) === name ? account : undefined
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
