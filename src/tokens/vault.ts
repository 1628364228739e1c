import { Failure } from '../failure.ts'
import { readRecord, setRecordAside, writeRecord } from './record.ts'
import type { Account } from './token.ts'

/** What lives long. `refreshToken` is secret. */
export type RefreshToken = {
  readonly refreshToken: string
  /** The consumer it was issued to; of no use to another one (RFC 6749, section 6). */
  readonly clientId: string
}

/**
 * The account's refresh token.
 *
 * @param directory the data directory
 * @param tell is given a sentence where a damaged record had to be set aside
 * @throws Failure where a record is there but can't be read, or was written by a newer version: that is no reason to
 *   log in again
 */
export function readRefreshToken(
  directory: string,
  account: Account,
  tell: (text: string) => void,
): RefreshToken | undefined {
  const record = readRecord(directory, account)
  if (record === undefined) return undefined
  if (record === 'newer') {
    throw new Failure(`the saved login for ${account.host} was written by a newer version of this program`, {
      hints: [`update git-credential-bitbucket-oauth; nothing was changed in ${directory}`],
    })
  }
  if (typeof record === 'object') {
    const { clientId, refreshToken } = record
    if (typeof clientId === 'string' && typeof refreshToken === 'string' && refreshToken !== '') {
      return { clientId, refreshToken }
    }
  }
  const { path, aside } = setRecordAside(directory, account)
  tell(`${path} does not hold a whole login; it was set aside as ${aside}`)
  return undefined
}

/** @throws Failure where it cannot be written; an older one still stands then */
export function writeRefreshToken(directory: string, account: Account, { clientId, refreshToken }: RefreshToken): void {
  writeRecord(directory, account, { clientId, refreshToken })
}
