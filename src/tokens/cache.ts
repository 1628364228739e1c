import { readRecord, writeRecord } from './record.ts'
import type { AccessToken, Account } from './token.ts'

/**
 * The account's access token, fresh or not. Whatever cannot be read as one counts as none: the slow path gets a new
 * token, and says so where it cannot write it. Loads nothing but `fs`: this is the cached path.
 *
 * @param directory the runtime directory
 */
export function readAccessToken(directory: string, account: Account): AccessToken | undefined {
  let record
  try {
    record = readRecord(directory, account)
  } catch {
    return undefined
  }
  if (typeof record !== 'object') return undefined
  const { accessToken, expiresAt } = record
  if (typeof accessToken !== 'string' || accessToken === '' || typeof expiresAt !== 'number') return undefined
  return { accessToken, expiresAt }
}

/** @throws Failure where it cannot be written */
export function writeAccessToken(directory: string, account: Account, { accessToken, expiresAt }: AccessToken): void {
  writeRecord(directory, account, { accessToken, expiresAt })
}
