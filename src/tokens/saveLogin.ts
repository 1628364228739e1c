import { Failure } from '../base/failure.ts'
import type { JsonObject } from '../base/json.ts'
import { removePrivateFile, writePrivateFile } from '../base/privateFile.ts'
import { type Account, accountUrl } from './account.ts'
import { isKeyringTrouble } from './keyring/keyring.ts'
import { removeSplitText, writeSplitText } from './keyring/parts.ts'
import { isInKeyring, markKeyring, removeFromKeyring } from './keyringRecords.ts'
import { describePlace, type Place, rescuePath, type StoredLogin } from './readLogin.ts'
import { formatRecord } from './record.ts'
import { probeRecord, removeUnfinished, writeRecord } from './recordFile.ts'
import type { LoginStorage, StoreChoice } from './storage.ts'
import type { Login } from './storedLogin.ts'

/** What a login may need: today's tokens are about 2,500 long (CHANGE-3052), with room to grow. Bytes. */
const ROOM = 16 * 1024

/**
 * Where the account's login goes: a place that has just taken as much on trial. To be asked before a refresh token is
 * spent, or the user is.
 *
 * @throws Failure where no place may be used that would take it
 */
export async function chooseStore(
  storage: LoginStorage,
  account: Account,
  kept: StoredLogin | undefined,
): Promise<'keyring' | 'file'> {
  const { choice, keyring, data } = storage
  const size = Math.max(ROOM, kept === undefined ? 0 : 2 * JSON.stringify(kept.login).length)
  if (choice !== 'file') {
    try {
      const probe = `${accountUrl(account)} (probe)`
      await writeSplitText(keyring, probe, ' '.repeat(size))
      await removeSplitText(keyring, probe)
      // Without a record that says so, what is in the keyring might not be looked for.
      if (!isInKeyring(data, account)) probeRecord(data, account, 0)
      return 'keyring'
    } catch (error) {
      if (!isKeyringTrouble(error) || choice === 'keyring' || kept?.place === 'keyring') throw error
      // Whoever is new is not sent into a file while there is a keyring that may only be locked; nor is anybody whose
      // login should be in one that cannot be written to, and may not be the one it was.
      if (kept === undefined && (error.code === 'keyring_refused' || isInKeyring(data, account))) throw error
    }
  }
  probeRecord(data, account, size)
  return 'file'
}

/**
 * Takes a login along to the store where the next one will go, and makes it lie there alone: written first, then removed
 * elsewhere. To be done before its refresh token is spent, so that no spent one is ever found where the newer one cannot
 * be looked for.
 *
 * @throws Failure where the store does not take it; then it is where it was
 */
export async function moveLogin(
  storage: LoginStorage,
  account: Account,
  { login, place, generation }: StoredLogin,
  store: 'keyring' | 'file',
): Promise<StoredLogin> {
  if (place !== store) await writeTo(storage, account, { generation, ...login }, store)
  if (store === 'keyring') markKeyring(storage.data, account, storage.choice === 'keyring')
  await removeElsewhere(storage, account, store, place)
  return { login, place: store, generation }
}

/**
 * Saves a login, to the next place where the chosen one does not take it after all, and then removes what lies in other
 * places.
 *
 * @param issued when it was asked for, in seconds since 1970
 * @throws Failure where no place took it: the login is lost
 */
export async function writeLogin(
  storage: LoginStorage,
  account: Account,
  { login, issued }: { readonly login: Login; readonly issued: number },
  store: 'keyring' | 'file',
  kept: StoredLogin | undefined,
): Promise<Place> {
  // From the clock, as a login that was made where the one before could not be found has to be newer than that one too.
  const generation = Math.max((kept?.generation ?? 0) + 1, Math.floor(issued))
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
    await removeElsewhere(storage, account, place, kept?.place)
    return place
  }
  throw new Failure(`the new login could not be saved: ${messageOf(failures[0])}`, {
    hints: ['Bitbucket takes the one before for some ten minutes: mend it by then, and run the command again'],
    cause: failures[0],
  })
}

/** Whoever wants a keyring and nothing else gets no file, not even then, but a second try. */
function listPlaces(choice: StoreChoice, store: 'keyring' | 'file'): Place[] {
  if (choice === 'keyring') return ['keyring', 'keyring']
  return store === 'keyring' ? ['keyring', 'file', 'rescue'] : ['file', 'rescue']
}

async function writeTo(
  { keyring, data, runtime }: LoginStorage,
  account: Account,
  fields: JsonObject,
  place: Place,
): Promise<void> {
  if (place === 'keyring') await writeSplitText(keyring, accountUrl(account), formatRecord(account, fields))
  else if (place === 'file') writeRecord(data, account, fields)
  else writePrivateFile(rescuePath(runtime, account), formatRecord(account, fields))
}

/** Removes a login where it is no more. It is safe by now, so what goes wrong here is no failure. */
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
    // A keyring that just failed has been told of.
    if (!isKeyringTrouble(error)) tell(messageOf(error))
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
