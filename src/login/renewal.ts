import type { Lock } from '../tokens/lock/lock.ts'
import { probeRecord } from '../tokens/recordFile.ts'
import type { Store } from '../tokens/storage.ts'
import type { StoredLogin } from '../tokens/storedLogin.ts'
import { chooseStore, moveLogin } from '../tokens/writeLogin.ts'
import type { AccountSettings } from './settings.ts'

/** The renewal of an account's access token, under its lock. */
export type Renewal = AccountSettings &
  UnderLock & {
    /** The login that is stored for the account, in the store where the next one will go. */
    readonly stored: StoredLogin | undefined
    readonly store: Store
  }

export type UnderLock = {
  readonly lock: Lock
  /** When git asked, in seconds since 1970. */
  readonly asked: number
  /** Whether the browser may open. It does not while there is a valid access token, or in `refresh`. */
  readonly mayLogIn: boolean
}

/** Room for an access token's record. Bytes. */
const ROOM = 16 * 1024

/**
 * Makes sure that a new login and access token can be saved, before the old one is spent or the user is asked.
 *
 * @throws Failure where they could not be saved
 */
export async function prepareRenewal(
  settings: AccountSettings,
  under: UnderLock,
  found: StoredLogin | undefined,
): Promise<Renewal> {
  const { account, storage } = settings
  const store = await chooseStore(storage, account, found)
  if (storage.choice !== 'keyring') probeRecord(storage.runtime, account, ROOM)
  const stored = found === undefined ? undefined : await moveLogin(storage, account, found, store)
  return { ...settings, ...under, stored, store }
}
