import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { BITBUCKET } from '../../base/bitbucket.ts'
import { isFailure, orUndefined, systemCode } from '../../base/failure.ts'
import { isObject } from '../../base/json.ts'
import { makePrivateDirectory, readPrivateFile } from '../../base/privateFile.ts'
import { COMMAND } from '../../base/program.ts'
import { quote, shellWord } from '../../base/shell.ts'
import { reasonOf } from '../../base/systemError.ts'
import { loginCommand } from '../../login/loginCommand.ts'
import { setClientCommand } from '../../oauth/client.ts'
import { type Account, accountUrl, defaultAccount } from '../../tokens/account.ts'
import { isKeyringTrouble } from '../../tokens/keyring/keyring.ts'
import { findCure } from '../../tokens/keyring/trouble.ts'
import { type ParsedRecord, parseRecord, parseRecordName } from '../../tokens/record.ts'
import type { Storage, StoreChoice } from '../../tokens/storage.ts'
import { fault, faultOf, type Finding, good, note } from './finding.ts'

/** Whether the files with logins and tokens are whole, and closed to other users. */
export function checkFiles({ data, runtime }: Pick<Storage, 'data' | 'runtime'>): Finding[] {
  const findings = [
    ...checkDirectory(data, 'XDG_DATA_HOME', (account) => [loginCommand(account)]),
    // The next git command gets another access token.
    ...checkDirectory(runtime, 'XDG_RUNTIME_DIR', () => []),
  ]
  if (findings.length > 0) return findings
  const isEmpty = [data, runtime].every((directory) => listFiles(directory).length === 0)
  return [good('files', isEmpty ? 'nothing is kept in files' : 'only you can read what is kept in files')]
}

/** Whether a directory can be listed. One that is not there yet counts as empty. */
export function canBeRead(directory: string): boolean {
  return whyUnreadable(directory) === undefined
}

function whyUnreadable(directory: string): string | undefined {
  try {
    readdirSync(directory)
    return undefined
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? undefined : reasonOf(error)
  }
}

/**
 * @param variable the variable that sets its place
 * @param replace the steps that replace a damaged record
 */
function checkDirectory(directory: string, variable: string, replace: (account: Account) => string[]): Finding[] {
  const reason = whyUnreadable(directory)
  if (reason !== undefined) {
    return [
      fault('files', `${directory} cannot be used: ${reason}`, `correct that, or set ${variable} to another place`),
    ]
  }
  if (!existsSync(directory)) return []
  const writable = checkFile(() => {
    // The directory exists, so this only checks it.
    makePrivateDirectory(directory)
    return []
  })
  return [
    ...writable,
    ...listFiles(directory).flatMap((file) => checkFile(() => examineFile(directory, file, replace))),
  ]
}

type KeptFile = {
  readonly name: string
  readonly account: Account
  /** What the name has after that of the account's record. */
  readonly kind: string
}

/** The files of all accounts: records, and what lies beside them. A directory beside a record is a lock. */
function listFiles(directory: string): KeptFile[] {
  const entries = orUndefined(() => readdirSync(directory, { withFileTypes: true })) ?? []
  return entries.flatMap((entry) => {
    const [, record = '', kind = ''] = /^(.*?\.json)(\..*)?$/.exec(entry.name) ?? []
    const account = parseRecordName(record)
    const isKept = account !== undefined && (kind === '' || !entry.isDirectory())
    return isKept ? [{ name: entry.name, account, kind }] : []
  })
}

/** @throws Failure for a file that others can read or change */
function examineFile(
  directory: string,
  { name, account, kind }: KeptFile,
  replace: (account: Account) => string[],
): Finding[] {
  const path = join(directory, name)
  const found = parse(readPrivateFile(path), account, kind)
  if (found === 'newer') return [fault('files', `${path} was written by a newer version`, 'update this program')]
  if (found !== 'damaged') return []
  const moveAside = `${shellWord('mv')} ${quote(path)} ${quote(`${path}.damaged`)}`
  const next = kind === CONSUMERS ? giveSecret(account) : replace(account)
  return [fault('files', `${path} is damaged`, moveAside, ...next)]
}

/** Ends the name of the file with the secrets of a host's consumers. */
const CONSUMERS = '.consumers'

function parse(text: string | undefined, account: Account, kind: string): ParsedRecord {
  if (text === undefined || (kind !== '' && kind !== CONSUMERS)) return undefined
  const record = parseRecord(text, account)
  const isWhole = kind === '' || typeof record !== 'object' || isObject(record['secrets'])
  return isWhole ? record : 'damaged'
}

function giveSecret(account: Account): string[] {
  const url = accountUrl(defaultAccount(account))
  return [url === BITBUCKET ? `${COMMAND} setup` : setClientCommand(url, 'Secret')]
}

function checkFile(look: () => Finding[]): Finding[] {
  try {
    return look()
  } catch (error) {
    if (!isFailure(error)) throw error
    return [faultOf('files', error)]
  }
}

/** Whether the system's keyring answers. One that is locked shows it when it is asked for an entry: the login. */
export async function checkKeyring({ keyring }: Storage, account: Account, choice: StoreChoice): Promise<Finding> {
  if (choice === 'file') return good('keyring', 'not used, as oauthStore is file')
  try {
    await keyring.read(accountUrl(account))
    return good('keyring', 'answers')
  } catch (error) {
    if (!isKeyringTrouble(error)) throw error
    if (error.code === 'keyring_absent' && choice === 'auto') {
      const cure = findCure(error.message)
      const text = `${error.message}; logins are kept in files that only you can read`
      return note('keyring', text, ...(cure === undefined ? [] : [cure]))
    }
    return faultOf('keyring', error)
  }
}
