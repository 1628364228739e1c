import { orUndefined } from '../base/failure.ts'
import type { AccessToken, AnswerForm } from './accessToken.ts'
import { type Account, defaultAccount, isSameHost } from './account.ts'
import { hasRecord, listAccounts, readRecord, writeRecord } from './recordFile.ts'

/** An access token in its file. */
type Cached = AccessToken & {
  /** The directory of the logins: whoever has one there is not answered for by the default account. */
  readonly logins: string
}

/**
 * The access token that answers for an account, fresh or not: its own where it has a login of its own, else the default
 * account's. Loads nothing but `fs`: this is the cached path.
 *
 * @param directory the runtime directory
 */
export function findAccessToken(directory: string, account: Account): AccessToken | undefined {
  if (account.username === undefined) return readAccessToken(directory, account)
  const shared = readAccessToken(directory, defaultAccount(account))
  return shared !== undefined && !hasRecord(shared.logins, account) ? shared : readAccessToken(directory, account)
}

/**
 * The account's own access token. Whatever cannot be read as one counts as none: the slow path gets a new token, and
 * says so where it cannot write it.
 */
export function readAccessToken(directory: string, account: Account): Cached | undefined {
  const record = orUndefined(() => readRecord(directory, account))
  if (typeof record !== 'object') return undefined
  const token = parseAccessToken(record)
  const { logins } = record
  return token === undefined || typeof logins !== 'string' ? undefined : { ...token, logins }
}

/** The access token in a record, of whatever store. */
export function parseAccessToken(record: Readonly<Record<string, unknown>>): AccessToken | undefined {
  const { accessToken, id, obtainedAt, expiresAt, grantType, scopes, isBearer, heals, isShadowed } = record
  if (typeof accessToken !== 'string' || accessToken === '' || typeof id !== 'string') return undefined
  if (typeof obtainedAt !== 'number' || typeof expiresAt !== 'number') return undefined
  return {
    accessToken,
    id,
    obtainedAt,
    expiresAt,
    grantType: grantType === 'authorization_code' ? grantType : 'refresh_token',
    scopes: typeof scopes === 'string' ? scopes : undefined,
    isBearer: isBearer === true,
    heals: heals === true,
    isShadowed: isShadowed === true,
  }
}

/** An account that may have been issued a token; where the keyring has it, only the keyring can tell. */
export type Holder = Pick<AnswerForm, 'isShadowed'> & { readonly account: Account }

/**
 * The accounts of this host that may have been issued the access token: git does not say whose it is when it tells of
 * one.
 */
export function findHolders(directory: string, { protocol, host }: Account, accessToken: string): Holder[] {
  return listAccounts(directory).flatMap((account) => {
    if (!isSameHost(account, { protocol, host })) return []
    const record = orUndefined(() => readRecord(directory, account))
    if (typeof record !== 'object') return []
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
