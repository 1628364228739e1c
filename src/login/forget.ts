import type { Context } from '../base/context.ts'
import { Failure, isFailure } from '../base/failure.ts'
import { type AccessToken, wasJustIssued } from '../tokens/accessToken.ts'
import { type Account, accountName, accountUrl, isSameServer } from '../tokens/account.ts'
import { isKeyringTrouble } from '../tokens/keyring/keyring.ts'
import { isInKeyring, removeFromKeyring } from '../tokens/keyringRecords.ts'
import { withLock } from '../tokens/lock/lock.ts'
import { leaveNote, removeNote } from '../tokens/notes.ts'
import { answeringAccount, hasRecord, listAccounts, removeAllOf } from '../tokens/recordFile.ts'
import { type Storage, withStorage } from '../tokens/storage.ts'
import { removeStoredToken } from '../tokens/storedAccessToken.ts'
import { loginCommand } from './loginCommand.ts'
import { resolveServer } from './settings.ts'
import { noteFailedLogin } from './pause.ts'

/**
 * A refresh in another process takes seconds, and the lock of a stopped process is taken over after ten. A login takes
 * longer, but then the token is being replaced anyway. Seconds.
 */
const LOCK_WAIT = 15

/**
 * Forgets an access token that the server refused, unless another process has renewed it meanwhile.
 *
 * @throws Failure for a token that was just issued: the server would refuse the next one as well
 */
export async function forgetAccessToken(
  holders: readonly Account[],
  accessToken: string,
  context: Context,
): Promise<void> {
  const options = { patience: LOCK_WAIT, tell: context.tell }
  return withStorage(context, async (storage) => {
    for (const account of holders) {
      const refused = await withLock(storage.data, account, options, () =>
        removeStoredToken(storage, account, (token) => token.accessToken === accessToken),
      ).catch((error: unknown) => {
        // The process that has the lock is getting another token already.
        if (!isFailure(error) || error.code !== 'locked') throw error
        return undefined
      })
      if (refused !== undefined && wasJustIssued(refused, context.now())) {
        throw refusedTokenFailure(refused, account, storage.runtime, context.now())
      }
    }
  })
}

/** Git tells a helper that the server refused the token, and not why. */
function refusedTokenFailure({ grantType }: AccessToken, account: Account, runtime: string, leftAt: number): Failure {
  if (grantType === 'authorization_code') noteFailedLogin(runtime, account, { code: 'refused', leftAt })
  else leaveNote(runtime, account, 'refused', { leftAt })
  return new Failure(`${account.host} refuses even an access token that it has just issued`, {
    hints: [
      'see in the browser whether the account that you logged in with can open the repository',
      'if it can, ask the administrator of the workspace about two-step verification and allowed networks',
      `to log in with another account: ${loginCommand(account)}`,
    ],
  })
}

/** The account's own login, the one that answers for it (which may be the default account's), or all of the host. */
type Extent = 'own' | 'answering' | 'all'

/**
 * Forgets logins as a whole. Without a login it does nothing.
 *
 * @param look sees each login under its lock, before it is forgotten
 * @throws Failure where something cannot be removed
 */
export async function forgetLogin(
  asked: Account,
  context: Context,
  extent: Extent,
  look: (storage: Storage, account: Account) => Promise<void> = async () => {},
): Promise<void> {
  const wanted = resolveServer(asked, context.env)
  return withStorage(context, async (storage) => {
    for (const account of listForgotten(wanted, storage, extent)) {
      await withLock(storage.data, account, { patience: LOCK_WAIT, tell: context.tell }, async () => {
        await look(storage, account)
        // The keyring comes first: if it does not give up the login, the record that points to it must stay.
        await forgetInKeyring(storage, account)
        removeAllOf(storage.data, account)
        removeAllOf(storage.runtime, account)
      })
    }
    // An account without a login may have a note of a cancelled one.
    const noted = extent === 'own' ? wanted : answeringAccount(storage.data, wanted)
    removeNote(storage.runtime, noted, 'failed-login')
  })
}

/** The keyring may hold an earlier login, which no record mentions. */
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

/** The accounts of a host that have a login or an access token here, the default account first. */
export function listKeptAccounts(wanted: Account, { data, runtime }: Pick<Storage, 'data' | 'runtime'>): Account[] {
  const kept = [data, runtime].flatMap(listAccounts).filter((account) => isSameServer(account, wanted))
  return [...new Map(kept.map((account) => [accountUrl(account), account])).values()]
}
