import { Failure } from '../base/failure.ts'
import type { JsonObject } from '../base/json.ts'
import { removePrivateFile, writePrivateFile } from '../base/privateFile.ts'
import { type Account, accountUrl } from './account.ts'
import { isKeyringTrouble } from './keyring/keyring.ts'
import { removeSplitText, writeSplitText } from './keyring/parts.ts'
import { isInKeyring, markKeyring, removeFromKeyring } from './keyringRecords.ts'
import { describePlace, rescuePath } from './readLogin.ts'
import { formatRecord } from './record.ts'
import { probeRecord, removeUnfinished, writeRecord } from './recordFile.ts'
import type { LoginStorage, Store, StoreChoice } from './storage.ts'
import type { Login, Place, StoredLogin } from './storedLogin.ts'

/** Room for a login. Today's tokens have about 2,500 characters (CHANGE-3052), and may grow. Bytes. */
const ROOM = 16 * 1024

/**
 * The store for the account's next login. It has just taken as much data in a probe. To be called before a refresh token
 * is spent, or the user is asked.
 *
 * @throws Failure where no store that may be used takes the probe
 */
export async function chooseStore(
  storage: LoginStorage,
  account: Account,
  stored: StoredLogin | undefined,
): Promise<Store> {
  const { choice, keyring, data } = storage
  const size = Math.max(ROOM, stored === undefined ? 0 : 2 * JSON.stringify(stored.login).length)
  if (choice !== 'file') {
    try {
      const probe = `${accountUrl(account)} (probe)`
      await writeSplitText(keyring, probe, ' '.repeat(size))
      await removeSplitText(keyring, probe)
      // A record has to say that the login is in the keyring: without it nobody looks there.
      if (!isInKeyring(data, account)) probeRecord(data, account, 0)
      return 'keyring'
    } catch (error) {
      if (!isKeyringTrouble(error) || choice === 'keyring' || stored?.place === 'keyring') throw error
      // A new login does not go into a file while there is a keyring, which may only be locked. If the record says that the
      // old login is in the keyring, and it is not there, this may be another keyring.
      if (stored === undefined && (error.code === 'keyring_refused' || isInKeyring(data, account))) throw error
    }
  }
  probeRecord(data, account, size)
  return 'file'
}

/**
 * Moves a login to the store for the next one: it is written there first, then removed elsewhere. To be called before its
 * refresh token is spent. Otherwise a spent one might be found while the store with the newer one cannot be read.
 *
 * @throws Failure where the store does not take it; in that case it stays where it was
 */
export async function moveLogin(
  storage: LoginStorage,
  account: Account,
  { login, place, generation }: StoredLogin,
  store: Store,
): Promise<StoredLogin> {
  if (place !== store) await writeTo(storage, account, { generation, ...login }, store)
  if (store === 'keyring') markKeyring(storage.data, account, storage.choice === 'keyring')
  await removeElsewhere(storage, account, store, place)
  return { login, place: store, generation }
}

/**
 * Saves a login, and removes the old one in other places. If the store fails after all, the next place takes it.
 *
 * @param issued when the request was sent, in seconds since 1970
 * @throws Failure where no place takes it: the login is lost
 */
export async function writeLogin(
  storage: LoginStorage,
  account: Account,
  { login, issued }: { readonly login: Login; readonly issued: number },
  store: Store,
  stored: StoredLogin | undefined,
): Promise<Place> {
  // The clock counts too: the login before may exist where it could not be found, and this one has to be newer.
  const generation = Math.max((stored?.generation ?? 0) + 1, Math.floor(issued))
  const failures: unknown[] = []
  for (const place of listPlaces(storage.choice, store)) {
    try {
      await writeTo(storage, account, { generation, ...login }, place)
    } catch (error) {
      failures.push(error)
      continue
    }
    if (failures.length > 0) {
      storage.tell(`${messageOf(failures[0])}; the new login is kept in ${describePlace(storage, account, place)}`)
    }
    if (place === 'keyring')
      await tellOfFailure(storage, () => markKeyring(storage.data, account, storage.choice === 'keyring'))
    await removeElsewhere(storage, account, place, stored?.place)
    return place
  }
  throw new Failure(`the new login could not be saved: ${messageOf(failures[0])}`, {
    hints: [IN_TIME],
    cause: failures[0],
  })
}

const IN_TIME =
  'after a refresh, Bitbucket still accepts the login before for about ten minutes: correct the cause by then, and run the command again'

/** oauthStore=keyring allows no file, so the keyring is tried twice. */
function listPlaces(choice: StoreChoice, store: Store): Place[] {
  if (choice === 'keyring') return ['keyring', 'keyring']
  return store === 'keyring' ? ['keyring', 'file', 'rescue'] : ['file', 'rescue']
}

async function writeTo(storage: LoginStorage, account: Account, fields: JsonObject, place: Place): Promise<void> {
  const { keyring, data, runtime } = storage
  if (place === 'keyring') await writeSplitText(keyring, accountUrl(account), formatRecord(account, fields))
  else if (place === 'file') writeRecord(data, account, fields)
  else writePrivateFile(rescuePath(runtime, account), formatRecord(account, fields))
}

/** Removes the login from the other places. The new one is safe by now, so an error here is no failure. */
async function removeElsewhere(
  storage: LoginStorage,
  account: Account,
  place: Place,
  before: Place | undefined,
): Promise<void> {
  const { keyring, data, runtime } = storage
  if (place === 'rescue') return
  await tellOfFailure(storage, () => removePrivateFile(rescuePath(runtime, account)))
  for (const directory of [data, runtime]) await tellOfFailure(storage, () => removeUnfinished(directory, account))
  if (place === 'file' && before === 'keyring') await tellOfFailure(storage, () => removeFromKeyring(keyring, account))
}

async function tellOfFailure({ tell }: LoginStorage, work: () => void | Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    // A failing keyring was reported already.
    if (!isKeyringTrouble(error)) tell(messageOf(error))
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
