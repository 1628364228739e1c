import type { Surroundings } from '../base/context.ts'
import { Failure, isFailure } from '../base/failure.ts'
import { type AccessToken, wasJustIssued } from '../tokens/accessToken.ts'
import { type Account, accountName, accountUrl, isSameHost } from '../tokens/account.ts'
import { isKeyringTrouble } from '../tokens/keyring/keyring.ts'
import { isInKeyring, removeFromKeyring } from '../tokens/keyringRecords.ts'
import { withLock } from '../tokens/lock/lock.ts'
import { leaveNote, removeNote } from '../tokens/notes.ts'
import type { Places } from '../tokens/readLogin.ts'
import { answeringAccount, hasRecord, listAccounts, removeAllOf } from '../tokens/recordFile.ts'
import { openPlaces } from '../tokens/storage.ts'
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
  around: Surroundings,
): Promise<void> {
  const places = await openPlaces(around)
  const options = { patience: PATIENCE, tell: around.tell }
  try {
    for (const account of holders) {
      const refused = await withLock(places.data, account, options, () =>
        removeStoredToken(places, account, (token) => token.accessToken === accessToken),
      ).catch((error: unknown) => {
        // Whoever has the lock is getting another token already.
        if (!isFailure(error) || error.code !== 'locked') throw error
        return undefined
      })
      if (refused !== undefined && wasJustIssued(refused, around.now())) {
        throw refuseNew(refused, account, places, around)
      }
    }
  } finally {
    places.keyring.close()
  }
}

/** Git tells a helper only that the server refused, and not why. */
function refuseNew({ grantType }: AccessToken, account: Account, { runtime }: Places, { now }: Surroundings): Failure {
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
  around: Surroundings,
  extent: Extent,
  look: (places: Places, account: Account) => Promise<void> = async () => {},
): Promise<void> {
  const places = await openPlaces(around)
  try {
    for (const account of listForgotten(wanted, places, extent)) {
      await withLock(places.data, account, { patience: PATIENCE, tell: around.tell }, async () => {
        await look(places, account)
        // First: where the keyring keeps its login, the record that says so stays.
        await forgetInKeyring(places, account)
        removeAllOf(places.data, account)
        removeAllOf(places.runtime, account)
      })
    }
    // Who has no login may have a note of one that was cancelled.
    const asked = extent === 'own' ? wanted : answeringAccount(places.data, wanted)
    removeNote(places.runtime, asked, 'failed-login')
  } finally {
    places.keyring.close()
  }
}

/** An earlier login may lie there as well, of which no record speaks. */
async function forgetInKeyring({ data, keyring, tell }: Places, account: Account): Promise<void> {
  const isThere = isInKeyring(data, account)
  try {
    await removeFromKeyring(keyring, account)
  } catch (error) {
    if (!isKeyringTrouble(error) || (isThere && error.code !== 'keyring_absent')) throw error
    if (isThere) tell(`${error.message}; what it holds for ${accountName(account)} stays there`)
  }
}

function listForgotten(wanted: Account, places: Places, extent: Extent): Account[] {
  if (extent === 'all') return listKept(wanted, places)
  const account = extent === 'own' ? wanted : answeringAccount(places.data, wanted)
  return [places.data, places.runtime].some((directory) => hasRecord(directory, account)) ? [account] : []
}

/** The accounts of a host that anything is kept of, the default account first. */
export function listKept(wanted: Account, { data, runtime }: Pick<Places, 'data' | 'runtime'>): Account[] {
  const kept = [data, runtime].flatMap(listAccounts).filter((account) => isSameHost(account, wanted))
  return [...new Map(kept.map((account) => [accountUrl(account), account])).values()]
}
