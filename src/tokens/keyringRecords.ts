import { type Account, accountUrl } from './account.ts'
import type { Keyring } from './keyring/keyring.ts'
import { removeSplitText } from './keyring/parts.ts'
import type { ParsedRecord } from './record.ts'
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

/** The entry of an access token. */
export function accessTokenName(account: Account): string {
  return `${accountUrl(account)} (access token)`
}
