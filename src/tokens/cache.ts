import { orUndefined } from '../base/failure.ts'
import type { JsonObject } from '../base/json.ts'
import { readPrivate } from '../base/readPrivate.ts'
import type { AccessToken, AnswerForm } from './accessToken.ts'
import { type Account, defaultAccount, isSameHost } from './account.ts'
import { parseRecord } from './record.ts'
import { hasRecord, listAccounts, recordPath, writeRecord } from './recordFile.ts'

type Cached = AccessToken & {
  /** The directory of the logins. The default account does not answer for an account with a login there. */
  readonly logins: string
}

/**
 * The access token that answers for an account, fresh or not: its own where it has a login of its own, else the default
 * account's. This is the cached path, and loads nothing but `fs`.
 *
 * @param directory the runtime directory
 */
export function findAccessToken(directory: string, account: Account): Cached | undefined {
  if (account.username === undefined) return readAccessToken(directory, account)
  const shared = readAccessToken(directory, defaultAccount(account))
  return shared !== undefined && !hasRecord(shared.logins, account) ? shared : readAccessToken(directory, account)
}

/**
 * The account's own access token. A file that cannot be read counts as none: the slow path gets a new token, and reports
 * a file that it cannot write.
 */
export function readAccessToken(directory: string, account: Account): Cached | undefined {
  const record = findRecord(directory, account)
  if (record === undefined) return undefined
  const token = parseAccessToken(record)
  const { logins } = record
  return token === undefined || typeof logins !== 'string' ? undefined : { ...token, logins }
}

function findRecord(directory: string, account: Account): JsonObject | undefined {
  const found = orUndefined(() => readPrivate(recordPath(directory, account)))
  const record = found !== undefined && 'text' in found ? parseRecord(found.text, account) : undefined
  return typeof record === 'object' ? record : undefined
}

/** Reads the access token in a record, from a file or from the keyring. */
export function parseAccessToken(record: Readonly<Record<string, unknown>>): AccessToken | undefined {
  const { accessToken, id, obtainedAt, expiresAt, grantType, scopes, isBearer, heals, isShadowed } = record
  if (typeof accessToken !== 'string' || accessToken === '' || typeof id !== 'string') return undefined
  if (typeof obtainedAt !== 'number' || typeof expiresAt !== 'number') return undefined
  return {
    accessToken,
    id,
    obtainedAt,
    expiresAt,
    grantType: grantType === 'authorization_code' || grantType === 'client_credentials' ? grantType : 'refresh_token',
    scopes: typeof scopes === 'string' ? scopes : undefined,
    isBearer: isBearer === true,
    heals: heals === true,
    isShadowed: isShadowed === true,
  }
}

/** An account that may own a token. Of a token in the keyring we cannot tell without asking the keyring. */
export type Holder = Pick<AnswerForm, 'isShadowed'> & { readonly account: Account }

/**
 * The accounts of this host that may own the access token. Git sends a token without its account.
 */
export function findHolders(directory: string, wanted: Account, accessToken: string): Holder[] {
  return listAccounts(directory).flatMap((account) => {
    if (!isSameHost(account, wanted)) return []
    const record = findRecord(directory, account)
    if (record === undefined) return []
    const isHolder = record['accessToken'] === accessToken || record['store'] === 'keyring'
    return isHolder ? [{ account, isShadowed: record['isShadowed'] === true }] : []
  })
}

/**
 * @param logins the data directory
 * @throws Failure where it cannot be written
 */
export function writeAccessToken(directory: string, account: Account, token: AccessToken, logins: string): void {
  writeRecord(directory, account, { ...token, logins })
}
