import type { Context } from '../base/context.ts'
import { Failure, isFailure } from '../base/failure.ts'
import { type AccessToken, wasJustIssued } from '../tokens/accessToken.ts'
import { type Account, accountName, accountUrl, isSameHost } from '../tokens/account.ts'
import { isKeyringTrouble } from '../tokens/keyring/keyring.ts'
import { isInKeyring, removeFromKeyring } from '../tokens/keyringRecords.ts'
import { withLock } from '../tokens/lock/lock.ts'
import { leaveNote, removeNote } from '../tokens/notes.ts'
import { answeringAccount, hasRecord, listAccounts, removeAllOf } from '../tokens/recordFile.ts'
import { type Storage, withStorage } from '../tokens/storage.ts'
import { removeStoredToken } from '../tokens/storedAccessToken.ts'
import { loginCommand } from './loginCommand.ts'
import { noteFailedLogin } from './pause.ts'

/**
 * A refresh that runs meanwhile takes seconds, and a stopped process's lock is taken over after ten; a login takes
 * longer, but then the token is on its way out. Seconds.
 */
const PATIENCE = 15

/**
 * Forgets an access token that the server refused, unless a sibling has renewed it meanwhile.
 *
 * @throws Failure for one that was just issued: another one would be refused as well
 */
export async function forgetAccessToken(
  holders: readonly Account[],
  accessToken: string,
  context: Context,
): Promise<void> {
  const options = { patience: PATIENCE, tell: context.tell }
  return withStorage(context, async (storage) => {
    for (const account of holders) {
      const refused = await withLock(storage.data, account, options, () =>
        removeStoredToken(storage, account, (token) => token.accessToken === accessToken),
      ).catch((error: unknown) => {
        // Whoever has the lock is getting another token already.
        if (!isFailure(error) || error.code !== 'locked') throw error
        return undefined
      })
      if (refused !== undefined && wasJustIssued(refused, context.now())) {
        throw refusedTokenFailure(refused, account, storage, context)
      }
    }
  })
}

/** Git tells a helper only that the server refused, and not why. */
function refusedTokenFailure(
  { grantType }: AccessToken,
  account: Account,
  { runtime }: Storage,
  { now }: Context,
): Failure {
  if (grantType === 'authorization_code') noteFailedLogin(runtime, account, { code: 'refused', leftAt: now() })
  else leaveNote(runtime, account, 'refused', { leftAt: now() })
  return new Failure(`${account.host} refuses even an access token that it has just issued`, {
    hints: [
      'see in the browser whether the account that you logged in with can open the repository',
      'if it can, ask the administrator of the workspace about two-step verification and allowed networks',
      `to log in with another account: ${loginCommand(account)}`,
    ],
  })
}

/**
 * Which logins are meant: the account's own and no other one; that which answers for the account, which is the default
 * account's where it has none of its own; or those of all accounts of the host.
 */
type Extent = 'own' | 'answering' | 'all'

/**
 * Forgets logins as a whole. Where nothing is kept, nothing happens.
 *
 * @param extent git means whoever answers, a person whom they name
 * @param look is shown what is about to be forgotten, under its lock
 * @throws Failure where something can't be removed
 */
export async function forgetLogin(
  wanted: Account,
  context: Context,
  extent: Extent,
  look: (storage: Storage, account: Account) => Promise<void> = async () => {},
): Promise<void> {
  return withStorage(context, async (storage) => {
    for (const account of listForgotten(wanted, storage, extent)) {
      await withLock(storage.data, account, { patience: PATIENCE, tell: context.tell }, async () => {
        await look(storage, account)
        // First: where the keyring keeps its login, the record that says so stays.
        await forgetInKeyring(storage, account)
        removeAllOf(storage.data, account)
        removeAllOf(storage.runtime, account)
      })
    }
    // Who has no login may have a note of one that was cancelled.
    const asked = extent === 'own' ? wanted : answeringAccount(storage.data, wanted)
    removeNote(storage.runtime, asked, 'failed-login')
  })
}

/** An earlier login may lie there as well, of which no record speaks. */
async function forgetInKeyring({ data, keyring, tell }: Storage, account: Account): Promise<void> {
  const isThere = isInKeyring(data, account)
  try {
    await removeFromKeyring(keyring, account)
  } catch (error) {
    if (!isKeyringTrouble(error) || (isThere && error.code !== 'keyring_absent')) throw error
    if (isThere) tell(`${error.message}; what it holds for ${accountName(account)} stays there`)
  }
}

function listForgotten(wanted: Account, storage: Storage, extent: Extent): Account[] {
  if (extent === 'all') return listKeptAccounts(wanted, storage)
  const account = extent === 'own' ? wanted : answeringAccount(storage.data, wanted)
  return [storage.data, storage.runtime].some((directory) => hasRecord(directory, account)) ? [account] : []
}

/** The accounts of a host that anything is kept of, the default account first. */
export function listKeptAccounts(wanted: Account, { data, runtime }: Pick<Storage, 'data' | 'runtime'>): Account[] {
  const kept = [data, runtime].flatMap(listAccounts).filter((account) => isSameHost(account, wanted))
  return [...new Map(kept.map((account) => [accountUrl(account), account])).values()]
}
