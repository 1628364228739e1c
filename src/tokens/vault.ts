import { Failure, isFailure } from '../failure.ts'
import type { JsonObject } from '../json.ts'
import { isKeyringTrouble, type Keyring } from './keyring.ts'
import { isInKeyring, markKeyring } from './keyringRecords.ts'
import { type Login, parseLogin } from './login.ts'
import { readText, removeText, writeText } from './parts.ts'
import { readPrivateFile, removePrivateFile, writePrivateFile } from './privateFile.ts'
import { formatRecord, parseRecord } from './record.ts'
import { probeRecord, readRecord, recordPath, removeRecord, setRecordAside, writeRecord } from './recordFile.ts'
import { type Account, accountName, accountUrl } from './token.ts'

/** Where a user's things are kept. */
export type Places = {
  readonly keyring: Keyring
  /** The data directory. */
  readonly data: string
  /** The runtime directory: the last place for a login that no other place takes. */
  readonly runtime: string
  /** Seconds since 1970. */
  readonly now: () => number
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
  const found = [record === 'keyring' ? undefined : record, readRescued(vault, account)].filter(
    (kept) => kept !== undefined,
  )
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
  const aside = `${accountUrl(account)} (damaged ${process.pid})`
  // What lies there, whole or not, as it lies there.
  await writeText(keyring, aside, (await keyring.read(accountUrl(account))) ?? '')
  await keyring.remove(accountUrl(account))
  tell(`the system's keyring does not hold a whole login for ${accountName(account)}; it was set aside as "${aside}"`)
  return undefined
}

function parseKept(record: JsonObject, place: Place): Kept | undefined {
  const login = parseLogin(record)
  const generation = Number(record['generation'] ?? 0)
  return login === undefined ? undefined : { login, place, generation }
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
 * Saves a login, to the next place where the chosen one does not take it after all, and then removes what lies in other
 * places.
 *
 * @returns where it is now
 * @throws Failure where no place took it: the login is lost
 */
export async function writeLogin(
  vault: Vault,
  account: Account,
  login: Login,
  store: 'keyring' | 'file',
  kept: Kept | undefined,
): Promise<Place> {
  // From the clock, as a login that was made where the one before could not be found has to be newer than that one too.
  const generation = Math.max((kept?.generation ?? 0) + 1, Math.floor(vault.now()))
  const fields = { generation, ...login }
  let failure: Failure | undefined
  for (const place of listPlaces(vault.choice, store)) {
    try {
      await put(vault, account, fields, place)
      if (failure !== undefined)
        vault.tell(`${failure.message}; the new login is kept in ${describePlace(vault, account, place)}`)
      await tidy(vault, account, place, kept)
      return place
    } catch (error) {
      if (!isFailure(error)) throw error
      failure ??= error
    }
  }
  throw new Failure(`the new login could not be saved: ${failure?.message}`, {
    hints: ['Bitbucket takes the one before for some ten minutes: mend it by then, and run the command again'],
    cause: failure,
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

/** The login is safe by now, so nothing in here fails it. What stays lying is older, and known by its generation. */
async function tidy(vault: Vault, account: Account, place: Place, kept: Kept | undefined): Promise<void> {
  const { choice, keyring, data, runtime } = vault
  if (place === 'keyring') {
    try {
      markKeyring(data, account, choice === 'keyring')
    } catch {
      // On a full disk. Without the mark the keyring is asked; with an older login in its place it might not be.
      await attempt(() => removeRecord(data, account))
    }
  }
  if (place !== 'rescue') await attempt(() => removePrivateFile(rescuePath(runtime, account)))
  if (place === 'file' && kept?.place === 'keyring') await attempt(() => removeText(keyring, accountUrl(account)))
}

async function attempt(work: () => void | Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isFailure(error)) throw error
  }
}

/** A place, for people. */
export function describePlace({ data, runtime }: Vault, account: Account, place: Place): string {
  if (place === 'keyring') return "the system's keyring"
  return `a file that only you can read: ${place === 'file' ? recordPath(data, account) : rescuePath(runtime, account)}`
}

function rescuePath(runtime: string, account: Account): string {
  return `${recordPath(runtime, account)}.rescued`
}
