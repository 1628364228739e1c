import type { AccessToken } from './accessToken.ts'
import { type Account, accountUrl } from './account.ts'
import { parseAccessToken } from './cache.ts'
import type { Keyring } from './keyring/keyring.ts'
import { readSplitText, removeSplitText, writeSplitText } from './keyring/parts.ts'
import { formatRecord, type ParsedRecord, parseRecord } from './record.ts'
import { readRecord, writeRecord } from './recordFile.ts'

/** Whether the account's record in a directory says that its content is in the keyring. */
export function isInKeyring(directory: string, account: Account): boolean {
  return isKeyringMark(readRecord(directory, account))
}

/** Whether a record says that its content is in the keyring. */
export function isKeyringMark(record: ParsedRecord): boolean {
  return typeof record === 'object' && record['store'] === 'keyring'
}

/**
 * Writes a record that says that the content is in the keyring.
 *
 * @param isForBoth whether the keyring has the account's access token as well
 */
export function markKeyring(directory: string, account: Account, isForBoth: boolean): void {
  const mark = { store: 'keyring', ...(isForBoth ? { accessToken: 'keyring' } : {}) }
  const present = readRecord(directory, account)
  if (typeof present !== 'object' || JSON.stringify(present) !== JSON.stringify(mark))
    writeRecord(directory, account, mark)
}

/** Whether the keyring has the account's access token as well, so that nothing secret is on the disk. */
export function isAccessTokenInKeyring(data: string, account: Account): boolean {
  const record = readRecord(data, account)
  return typeof record === 'object' && record['accessToken'] === 'keyring'
}

/** @throws Failure where the keyring can't be used */
export async function readKeyringAccessToken(keyring: Keyring, account: Account): Promise<AccessToken | undefined> {
  const found = await readSplitText(keyring, accessTokenName(account))
  const record = typeof found === 'object' ? parseRecord(found.text, account) : undefined
  return typeof record === 'object' ? parseAccessToken(record) : undefined
}

/** @throws Failure where the keyring can't be used */
export async function writeKeyringAccessToken(keyring: Keyring, account: Account, token: AccessToken): Promise<void> {
  await writeSplitText(keyring, accessTokenName(account), formatRecord(account, token))
}

/** A missing one is no failure. */
export async function removeKeyringAccessToken(keyring: Keyring, account: Account): Promise<void> {
  await removeSplitText(keyring, accessTokenName(account))
}

/** Removes all that the keyring has of an account. */
export async function removeFromKeyring(keyring: Keyring, account: Account): Promise<void> {
  for (const name of [accountUrl(account), accessTokenName(account), damagedName(account)]) {
    await removeSplitText(keyring, name)
  }
}

/** The entry to which a damaged login is moved. */
export function damagedName(account: Account): string {
  return `${accountUrl(account)} (damaged)`
}

function accessTokenName(account: Account): string {
  return `${accountUrl(account)} (access token)`
}
