import { join } from 'node:path'
import { isObject, type JsonObject } from '../base/json.ts'
import { readPrivateFile, removePrivateFile, writePrivateFile } from '../base/privateFile.ts'
import { type Account, accountUrl, defaultAccount } from './account.ts'
import { isKeyringTrouble, type Keyring } from './keyring/keyring.ts'
import { readSplitText, removeSplitText, writeSplitText } from './keyring/parts.ts'
import { formatRecord, parseRecord, recordName } from './record.ts'
import type { LoginStorage, Storage, Store } from './storage.ts'

/** A consumer's key and secret. `clientSecret` is secret. */
type Consumer = { readonly clientId: string; readonly clientSecret: string }

/**
 * The secret of a consumer, from the file where no keyring has taken it, else from the keyring.
 *
 * @throws Failure where it may be in a keyring that cannot be used now
 */
export async function findClientSecret(
  { data, keyring }: Pick<Storage, 'data' | 'keyring'>,
  account: Account,
  clientId: string,
): Promise<string | undefined> {
  const secret = readSecrets(data, account)[clientId]
  return typeof secret === 'string' ? secret : unlessAbsent(() => readClientSecret(keyring, account, clientId))
}

/**
 * Keeps the secret of a consumer with the logins.
 *
 * @returns the store that has taken it
 * @throws Failure where none takes it that may be used
 */
export async function keepClientSecret(
  { choice, data, keyring }: Pick<LoginStorage, 'choice' | 'data' | 'keyring'>,
  account: Account,
  consumer: Consumer,
): Promise<Store> {
  const { [consumer.clientId]: _, ...others } = readSecrets(data, account)
  if (choice !== 'file') {
    try {
      await saveClientSecret(keyring, account, consumer)
      // An older secret in the file would be found first.
      writeSecrets(data, account, others)
      return 'keyring'
    } catch (error) {
      // If the keyring is only locked, the secret does not go into a file: the user has a keyring and wants it used.
      if (!isKeyringTrouble(error) || choice === 'keyring' || error.code === 'keyring_refused') throw error
    }
  }
  writeSecrets(data, account, { ...others, [consumer.clientId]: consumer.clientSecret })
  return 'file'
}

/** The client ids of a host whose secrets are kept in the file. */
export function listClientIds(data: string, account: Account): string[] {
  return Object.keys(readSecrets(data, account))
}

/**
 * Forgets the secret of a consumer, in the file and in the keyring.
 *
 * @returns whether there was one
 * @throws Failure where it may be in a keyring that cannot be used now; it is not in the file any more
 */
export async function forgetClientSecret(
  { data, keyring }: Pick<Storage, 'data' | 'keyring'>,
  account: Account,
  clientId: string,
): Promise<boolean> {
  const { [clientId]: inFile, ...others } = readSecrets(data, account)
  if (inFile !== undefined) writeSecrets(data, account, others)
  const name = clientSecretName(account, clientId)
  const inKeyring = await unlessAbsent(() => readSplitText(keyring, name))
  if (inKeyring !== undefined) await removeSplitText(keyring, name)
  return inFile !== undefined || inKeyring !== undefined
}

/** Where no keyring answers, the secret is in none. */
async function unlessAbsent<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!isKeyringTrouble(error) || error.code !== 'keyring_absent') throw error
    return undefined
  }
}

/** The secrets by client id. A damaged file counts as none, and the next setup replaces it. */
function readSecrets(data: string, account: Account): JsonObject {
  const text = readPrivateFile(secretsPath({ data }, account))
  const record = text === undefined ? undefined : parseRecord(text, defaultAccount(account))
  return typeof record === 'object' && isObject(record['secrets']) ? record['secrets'] : {}
}

function writeSecrets(data: string, account: Account, secrets: JsonObject): void {
  const path = secretsPath({ data }, account)
  if (Object.keys(secrets).length === 0) removePrivateFile(path)
  else writePrivateFile(path, formatRecord(defaultAccount(account), { secrets }))
}

/** The file for the secrets of a host's consumers. */
export function secretsPath({ data }: Pick<Storage, 'data'>, account: Account): string {
  return join(data, `${recordName(defaultAccount(account))}.consumers`)
}

async function readClientSecret(keyring: Keyring, account: Account, clientId: string): Promise<string | undefined> {
  const found = await readSplitText(keyring, clientSecretName(account, clientId))
  const record = typeof found === 'object' ? parseRecord(found.text, defaultAccount(account)) : undefined
  const secret = typeof record === 'object' ? record['clientSecret'] : undefined
  return typeof secret === 'string' ? secret : undefined
}

/** Saves the consumer's secret, unless it is there already. All accounts of a host may share it. */
export async function saveClientSecret(
  keyring: Keyring,
  account: Account,
  { clientId, clientSecret }: Consumer,
): Promise<void> {
  if ((await readClientSecret(keyring, account, clientId)) === clientSecret) return
  const text = formatRecord(defaultAccount(account), { clientSecret })
  await writeSplitText(keyring, clientSecretName(account, clientId), text)
}

function clientSecretName(account: Account, clientId: string): string {
  return `${accountUrl(defaultAccount(account))} (secret of ${clientId})`
}
