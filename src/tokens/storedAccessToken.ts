import { orUndefined } from '../base/failure.ts'
import type { AccessToken } from './accessToken.ts'
import type { Account } from './account.ts'
import { parseAccessToken, readAccessToken, writeAccessToken } from './cache.ts'
import type { Keyring } from './keyring/keyring.ts'
import { readSplitText, removeSplitText, writeSplitText } from './keyring/parts.ts'
import { accessTokenName, isAccessTokenInKeyring, isInKeyring, markKeyring } from './keyringRecords.ts'
import { formatRecord, parseRecord } from './record.ts'
import { removeRecord } from './recordFile.ts'
import type { LoginStorage, Storage } from './storage.ts'

/**
 * The account's own access token, from the file or the keyring, fresh or not.
 *
 * @throws Failure where it is in a keyring that cannot be used
 */
export async function readStoredToken(
  { keyring, data, runtime }: Pick<Storage, 'keyring' | 'data' | 'runtime'>,
  account: Account,
): Promise<AccessToken | undefined> {
  const cached = readAccessToken(runtime, account)
  if (cached !== undefined || !isTokenInKeyring({ data, runtime }, account)) return cached
  const token = await readKeyringAccessToken(keyring, account)
  // The system empties the runtime directory when the user logs out. Without the mark, erase would not find the token.
  if (token !== undefined) orUndefined(() => markKeyring(runtime, account, true))
  return token
}

/** Whether the keyring has it, by what either directory says: a token of a consumer's own has no login. */
export function isTokenInKeyring({ data, runtime }: Pick<Storage, 'data' | 'runtime'>, account: Account): boolean {
  return orUndefined(() => isInKeyring(runtime, account)) === true || isAccessTokenInKeyring(data, account)
}

/** @throws Failure where the store that the user has chosen does not take it */
export async function writeStoredToken(storage: LoginStorage, account: Account, token: AccessToken): Promise<void> {
  const { choice, keyring, data, runtime } = storage
  if (choice === 'none') return
  if (choice !== 'keyring') return writeAccessToken(runtime, account, token, data)
  await writeSplitText(keyring, accessTokenName(account), formatRecord(account, token))
  markKeyring(runtime, account, true)
}

/**
 * Removes the account's access token, unless it is another one by now. To be called under the account's lock.
 *
 * @param isRefused tells which one to remove
 * @returns the removed token
 */
export async function removeStoredToken(
  { keyring, runtime }: Pick<Storage, 'keyring' | 'runtime'>,
  account: Account,
  isRefused: (token: AccessToken) => boolean,
): Promise<AccessToken | undefined> {
  const isElsewhere = isInKeyring(runtime, account)
  const token = isElsewhere ? await readKeyringAccessToken(keyring, account) : readAccessToken(runtime, account)
  if (token === undefined || !isRefused(token)) return undefined
  if (isElsewhere) await removeSplitText(keyring, accessTokenName(account))
  else removeRecord(runtime, account)
  return token
}

/** @throws Failure where the keyring can't be used */
export async function readKeyringAccessToken(keyring: Keyring, account: Account): Promise<AccessToken | undefined> {
  const found = await readSplitText(keyring, accessTokenName(account))
  const record = typeof found === 'object' ? parseRecord(found.text, account) : undefined
  return typeof record === 'object' ? parseAccessToken(record) : undefined
}
