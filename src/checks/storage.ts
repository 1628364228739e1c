import { existsSync } from 'node:fs'
import { isFailure } from '../failure.ts'
import { isKeyringTrouble } from '../tokens/keyring.ts'
import { loginCommand } from '../loginCommand.ts'
import { quote } from '../shell.ts'
import { makePrivateDirectory } from '../tokens/privateFile.ts'
import { listAccounts, readRecord, recordPath } from '../tokens/recordFile.ts'
import { type Account, accountUrl } from '../tokens/token.ts'
import type { Places, StoreChoice } from '../tokens/vault.ts'
import { type Finding, fault, faultOf, good, note } from './finding.ts'

/** Whether the files where things are kept are whole, and nobody else's. */
export function checkFiles({ data, runtime }: Pick<Places, 'data' | 'runtime'>): Finding[] {
  const findings = [
    ...checkDirectory(data, (account) => [loginCommand(account)]),
    // The next git command gets another access token.
    ...checkDirectory(runtime, () => []),
  ]
  return findings.length === 0 ? [good('files', 'all that is kept in files is yours alone')] : findings
}

/** @param replace what brings a record back that is not whole */
function checkDirectory(directory: string, replace: (account: Account) => string[]): Finding[] {
  if (!existsSync(directory)) return []
  try {
    // It exists, so nothing is made.
    makePrivateDirectory(directory)
    return listAccounts(directory).flatMap((account) => {
      const path = recordPath(directory, account)
      try {
        const found = readRecord(directory, account)
        if (found === 'damaged') {
          const moveAway = `mv ${quote(path)} ${quote(`${path}.damaged`)}`
          return [fault('files', `${path} is not whole`, moveAway, ...replace(account))]
        }
        return found === 'newer'
          ? [fault('files', `${path} was written by a newer version`, 'update this program')]
          : []
      } catch (error) {
        if (!isFailure(error)) throw error
        return [faultOf('files', error)]
      }
    })
  } catch (error) {
    if (!isFailure(error)) throw error
    return [faultOf('files', error)]
  }
}

/** Whether the system's keyring answers: a locked one does so only for what is in it, so the account's login is read. */
export async function checkKeyring({ keyring }: Places, account: Account, choice: StoreChoice): Promise<Finding> {
  if (choice === 'file') return good('keyring', 'not used, as oauthStore is file')
  try {
    await keyring.read(accountUrl(account))
    return good('keyring', 'answers')
  } catch (error) {
    if (!isKeyringTrouble(error)) throw error
    if (error.code === 'keyring_absent' && choice === 'auto') {
      return note('keyring', `${error.message}; logins are kept in files that only you can read`)
    }
    return faultOf('keyring', error)
  }
}
