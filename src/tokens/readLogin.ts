import { Failure } from '../base/failure.ts'
import type { JsonObject } from '../base/json.ts'
import { readPrivateFile } from '../base/privateFile.ts'
import { PROGRAM } from '../base/program.ts'
import { type Account, accountName, accountUrl } from './account.ts'
import { isKeyringTrouble } from './keyring/keyring.ts'
import { readSplitText, writeSplitText } from './keyring/parts.ts'
import { damagedName, isKeyringMark } from './keyringRecords.ts'
import { parseRecord } from './record.ts'
import { listUnfinished, readRecord, recordPath, setRecordAside } from './recordFile.ts'
import type { LoginStorage } from './storage.ts'
import { parseLogin, type Place, type StoredLogin } from './storedLogin.ts'

/**
 * The account's login. A killed process or a full disk may have left several; it is the newest of them.
 *
 * @throws Failure where a login is there but cannot be read, or a newer version has written it: the user need not log in
 *   again
 */
export async function readLogin(storage: LoginStorage, account: Account): Promise<StoredLogin | undefined> {
  const record = readLoginRecord(storage, account)
  const isMarked = record === 'keyring'
  const found = [
    record === 'keyring' ? undefined : record,
    readRescued(storage, account),
    ...[storage.data, storage.runtime]
      .flatMap((directory) => listUnfinished(directory, account))
      .map((fields) => parseStoredLogin(fields, 'rescue')),
  ].filter((stored) => stored !== undefined)
  if (isMarked || storage.choice !== 'file') {
    try {
      const stored = await readFromKeyring(storage, account)
      if (stored !== undefined) found.push(stored)
      else if (isMarked) storage.tell(`the login for ${accountName(account)} is not in the system's keyring any more`)
    } catch (error) {
      // A locked or broken keyring is not empty. The login in it is not lost.
      const isNeeded = storage.choice === 'keyring' || (isMarked && found.length === 0)
      if (isNeeded || !isKeyringTrouble(error)) throw error
    }
  }
  return found.toSorted((one, other) => other.generation - one.generation)[0]
}

/** The login in the account's file, or `keyring` where the file says that it is there. */
function readLoginRecord({ data, tell }: LoginStorage, account: Account): StoredLogin | 'keyring' | undefined {
  const record = readRecord(data, account)
  if (record === undefined) return undefined
  if (isKeyringMark(record)) return 'keyring'
  if (record === 'newer') throw newerVersionFailure(account, data)
  if (record !== 'damaged') {
    const stored = parseStoredLogin(record, 'file')
    if (stored !== undefined) return stored
  }
  const { path, aside } = setRecordAside(data, account)
  tell(`${path} does not hold a whole login; it was set aside as ${aside}`)
  return undefined
}

function readRescued({ runtime }: LoginStorage, account: Account): StoredLogin | undefined {
  const text = readPrivateFile(rescuePath(runtime, account))
  const record = text === undefined ? undefined : parseRecord(text, account)
  if (record === 'newer') throw newerVersionFailure(account, runtime)
  return typeof record === 'object' ? parseStoredLogin(record, 'rescue') : undefined
}

async function readFromKeyring({ keyring, tell }: LoginStorage, account: Account): Promise<StoredLogin | undefined> {
  const found = await readSplitText(keyring, accountUrl(account))
  if (found === undefined) return undefined
  const record = found === 'damaged' ? found : parseRecord(found.text, account)
  if (record === 'newer') throw newerVersionFailure(account, "the system's keyring")
  const stored = record === 'damaged' ? undefined : parseStoredLogin(record, 'keyring')
  if (stored !== undefined) return stored
  const aside = damagedName(account)
  // The entry is moved as it is, whole or not.
  await writeSplitText(keyring, aside, (await keyring.read(accountUrl(account))) ?? '')
  await keyring.remove(accountUrl(account))
  tell(`the system's keyring does not hold a whole login for ${accountName(account)}; it was set aside as "${aside}"`)
  return undefined
}

function parseStoredLogin(record: JsonObject, place: Place): StoredLogin | undefined {
  const login = parseLogin(record)
  const { generation } = record
  const isNumber = typeof generation === 'number' && Number.isSafeInteger(generation)
  return login === undefined ? undefined : { login, place, generation: isNumber ? generation : 0 }
}

function newerVersionFailure(account: Account, place: string): Failure {
  return new Failure(`the saved login for ${accountName(account)} was written by a newer version of this program`, {
    code: 'newer',
    hints: [`update ${PROGRAM}; nothing was changed in ${place}`],
  })
}

/** The place of a login, in words for people. */
export function describePlace({ data, runtime }: LoginStorage, account: Account, place: Place): string {
  if (place === 'keyring') return "the system's keyring"
  return `a file that only you can read: ${place === 'file' ? recordPath(data, account) : rescuePath(runtime, account)}`
}

/** The file for a login that no other place takes. */
export function rescuePath(runtime: string, account: Account): string {
  return `${recordPath(runtime, account)}.rescued`
}
