import { Failure } from '../base/failure.ts'
import type { JsonObject } from '../base/json.ts'
import { readPrivateFile } from '../base/privateFile.ts'
import { type Account, accountName, accountUrl } from './account.ts'
import { isKeyringTrouble, type Keyring } from './keyring/keyring.ts'
import { readText, writeText } from './keyring/parts.ts'
import { damagedName, isMark } from './keyringRecords.ts'
import { parseRecord } from './record.ts'
import { listUnfinished, readRecord, recordPath, setRecordAside } from './recordFile.ts'
import { type Login, parseLogin } from './storedLogin.ts'

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
  const record = readRecord(data, account)
  if (record === undefined) return undefined
  if (isMark(record)) return 'keyring'
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

/** A place, for people. */
export function describePlace({ data, runtime }: Vault, account: Account, place: Place): string {
  if (place === 'keyring') return "the system's keyring"
  return `a file that only you can read: ${place === 'file' ? recordPath(data, account) : rescuePath(runtime, account)}`
}

/** Where a login lies that no other place took. */
export function rescuePath(runtime: string, account: Account): string {
  return `${recordPath(runtime, account)}.rescued`
}
