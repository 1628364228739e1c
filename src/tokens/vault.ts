import { Failure } from '../failure.ts'
import type { JsonObject } from '../json.ts'
import { isKeyringTrouble, type Keyring } from './keyring.ts'
import { damagedName, isInKeyring, markKeyring, removeFromKeyring } from './keyringRecords.ts'
import { type Login, parseLogin } from './login.ts'
import { readText, removeText, writeText } from './parts.ts'
import { readPrivateFile, removePrivateFile, writePrivateFile } from './privateFile.ts'
import { formatRecord, parseRecord } from './record.ts'
import {
  listUnfinished,
  removeUnfinished,
  probeRecord,
  readRecord,
  recordPath,
  setRecordAside,
  writeRecord,
} from './recordFile.ts'
import { type Account, accountName, accountUrl } from './token.ts'

/** Where a user's things are kept. */
export type Places = {
  readonly keyring: Keyring
  /** The data directory. */
  readonly data: string
  /** The runtime directory: the last place for a login that no other place takes. */
  readonly runtime: string
  /** Is given a sentence where something went otherwise than the user may think. */
  readonly tell: (text: string) => void
}

/**
 * Where logins are kept: in the system's keyring, and then a record without a secret in the data directory says so; or
 * that record holds the login.
 */
export type Vault = Places & { readonly choice: StoreChoice }

/** `auto` is the keyring where one answers, else a file; the others are that and nothing else. */
export type StoreChoice = 'auto' | 'keyring' | 'file'

/** A login as it was found. */
export type Kept = {
  readonly login: Login
  readonly place: Place
  /** Goes up with each save, whatever the clocks say, so that of two the newer one is known. */
  readonly generation: number
}

export type Place = 'keyring' | 'file' | 'rescue'

/** What a login may need: today's tokens are about 2,500 long (CHANGE-3052), with room to grow. Bytes. */
const ROOM = 16 * 1024

/**
 * The account's login: the newest of those that a killed process or a full disk may have left in several places.
 *
 * @throws Failure where one is there but can't be read, or was written by a newer version: that is no reason to log
 *   in again
 */
export async function readLogin(vault: Vault, account: Account): Promise<Kept | undefined> {
  const record = readLoginRecord(vault, account)
  const isMarked = record === 'keyring'
  const found = [
    record === 'keyring' ? undefined : record,
    readRescued(vault, account),
    ...[vault.data, vault.runtime]
      .flatMap((directory) => listUnfinished(directory, account))
      .map((fields) => parseKept(fields, 'rescue')),
  ].filter((kept) => kept !== undefined)
  if (isMarked || vault.choice !== 'file') {
    try {
      const kept = await readFromKeyring(vault, account)
      if (kept !== undefined) found.push(kept)
      else if (isMarked) vault.tell(`the login for ${accountName(account)} is not in the system's keyring any more`)
    } catch (error) {
      // Locked or broken is not empty: what lies there must not be taken for lost.
      const isNeeded = vault.choice === 'keyring' || (isMarked && found.length === 0)
      if (isNeeded || !isKeyringTrouble(error)) throw error
    }
  }
  return found.toSorted((one, other) => other.generation - one.generation)[0]
}

/** The login in the account's file, or the word that it is in the keyring. */
function readLoginRecord({ data, tell }: Vault, account: Account): Kept | 'keyring' | undefined {
  if (isInKeyring(data, account)) return 'keyring'
  const record = readRecord(data, account)
  if (record === undefined) return undefined
  if (record === 'newer') throw isNewer(account, data)
  if (record !== 'damaged') {
    const kept = parseKept(record, 'file')
    if (kept !== undefined) return kept
  }
  const { path, aside } = setRecordAside(data, account)
  tell(`${path} does not hold a whole login; it was set aside as ${aside}`)
  return undefined
}

function readRescued({ runtime }: Vault, account: Account): Kept | undefined {
  const text = readPrivateFile(rescuePath(runtime, account))
  const record = text === undefined ? undefined : parseRecord(text, account)
  if (record === 'newer') throw isNewer(account, runtime)
  return typeof record === 'object' ? parseKept(record, 'rescue') : undefined
}

async function readFromKeyring({ keyring, tell }: Vault, account: Account): Promise<Kept | undefined> {
  const found = await readText(keyring, accountUrl(account))
  if (found === undefined) return undefined
  const record = found === 'damaged' ? found : parseRecord(found.text, account)
  if (record === 'newer') throw isNewer(account, "the system's keyring")
  const kept = record === 'damaged' ? undefined : parseKept(record, 'keyring')
  if (kept !== undefined) return kept
  const aside = damagedName(account)
  // What lies there, whole or not, as it lies there.
  await writeText(keyring, aside, (await keyring.read(accountUrl(account))) ?? '')
  await keyring.remove(accountUrl(account))
  tell(`the system's keyring does not hold a whole login for ${accountName(account)}; it was set aside as "${aside}"`)
  return undefined
}

function parseKept(record: JsonObject, place: Place): Kept | undefined {
  const login = parseLogin(record)
  const { generation } = record
  const isNumber = typeof generation === 'number' && Number.isSafeInteger(generation)
  return login === undefined ? undefined : { login, place, generation: isNumber ? generation : 0 }
}

function isNewer(account: Account, place: string): Failure {
  return new Failure(`the saved login for ${accountName(account)} was written by a newer version of this program`, {
    code: 'newer',
    hints: [`update git-credential-bitbucket-oauth; nothing was changed in ${place}`],
  })
}

/**
 * Where the account's login goes: a place that has just taken as much on trial. To be asked before a refresh token is
 * spent, or the user is.
 *
 * @throws Failure where no place may be used that would take it
 */
export async function chooseStore(vault: Vault, account: Account, kept: Kept | undefined): Promise<'keyring' | 'file'> {
  const { choice, keyring, data } = vault
  const size = Math.max(ROOM, kept === undefined ? 0 : 2 * JSON.stringify(kept.login).length)
  if (choice !== 'file') {
    try {
      const probe = `${accountUrl(account)} (probe)`
      await writeText(keyring, probe, ' '.repeat(size))
      await removeText(keyring, probe)
      // Without a record that says so, what is in the keyring might not be looked for.
      if (!isInKeyring(data, account)) probeRecord(data, account, 0)
      return 'keyring'
    } catch (error) {
      if (!isKeyringTrouble(error) || choice === 'keyring' || kept?.place === 'keyring') throw error
      // Whoever is new is not sent into a file while there is a keyring that may only be locked.
      if (kept === undefined && error.code === 'keyring_refused') throw error
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
export async function settleLogin(
  vault: Vault,
  account: Account,
  { login, place, generation }: Kept,
  store: 'keyring' | 'file',
): Promise<Kept> {
  if (place !== store) await put(vault, account, { generation, ...login }, store)
  if (store === 'keyring') markKeyring(vault.data, account, vault.choice === 'keyring')
  await tidy(vault, account, store, place)
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
  vault: Vault,
  account: Account,
  { login, issued }: { readonly login: Login; readonly issued: number },
  store: 'keyring' | 'file',
  kept: Kept | undefined,
): Promise<Place> {
  // From the clock, as a login that was made where the one before could not be found has to be newer than that one too.
  const generation = Math.max((kept?.generation ?? 0) + 1, Math.floor(issued))
  const failures: unknown[] = []
  for (const place of listPlaces(vault.choice, store)) {
    try {
      await put(vault, account, { generation, ...login }, place)
    } catch (error) {
      failures.push(error)
      continue
    }
    if (failures.length > 0) {
      vault.tell(`${messageOf(failures[0])}; the new login is kept in ${describePlace(vault, account, place)}`)
    }
    if (place === 'keyring') await attempt(vault, () => markKeyring(vault.data, account, vault.choice === 'keyring'))
    await tidy(vault, account, place, kept?.place)
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

async function put(
  { keyring, data, runtime }: Vault,
  account: Account,
  fields: JsonObject,
  place: Place,
): Promise<void> {
  if (place === 'keyring') await writeText(keyring, accountUrl(account), formatRecord(account, fields))
  else if (place === 'file') writeRecord(data, account, fields)
  else writePrivateFile(rescuePath(runtime, account), formatRecord(account, fields))
}

/** Removes a login where it is no more. It is safe by now, so what goes wrong here is no failure. */
async function tidy(vault: Vault, account: Account, place: Place, before: Place | undefined): Promise<void> {
  const { keyring, data, runtime } = vault
  if (place === 'rescue') return
  await attempt(vault, () => removePrivateFile(rescuePath(runtime, account)))
  for (const directory of [data, runtime]) await attempt(vault, () => removeUnfinished(directory, account))
  if (place === 'file' && before === 'keyring') await attempt(vault, () => removeFromKeyring(keyring, account))
}

async function attempt({ tell }: Vault, work: () => void | Promise<void>): Promise<void> {
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

/** A place, for people. */
export function describePlace({ data, runtime }: Vault, account: Account, place: Place): string {
  if (place === 'keyring') return "the system's keyring"
  return `a file that only you can read: ${place === 'file' ? recordPath(data, account) : rescuePath(runtime, account)}`
}

function rescuePath(runtime: string, account: Account): string {
  return `${recordPath(runtime, account)}.rescued`
}
