import { isFailure } from './failure.ts'
import { openPlaces } from './places.ts'
import type { Surroundings } from './surroundings.ts'
import { removeStoredToken } from './tokens/accessTokens.ts'
import { isInKeyring, removeFromKeyring } from './tokens/keyringRecords.ts'
import { isKeyringTrouble } from './tokens/keyring.ts'
import { withLock } from './tokens/lock.ts'
import { hasRecord, listAccounts, removeAllOf } from './tokens/recordFile.ts'
import { type Account, accountName, accountUrl, defaultAccount, isSameHost } from './tokens/token.ts'
import type { Places } from './tokens/vault.ts'

/**
 * A refresh that runs meanwhile takes seconds, and a stopped process's lock is taken over after ten; a login takes
 * longer, but then the token is on its way out. Seconds.
 */
const PATIENCE = 15

/** Forgets an access token that the server refused, unless a sibling has renewed it meanwhile. */
export async function forgetAccessToken(
  holders: readonly Account[],
  accessToken: string,
  around: Surroundings,
): Promise<void> {
  const places = await openPlaces(around)
  const options = { patience: PATIENCE, tell: around.tell }
  try {
    for (const account of holders) {
      await withLock(places.data, account, options, async () => {
        await removeStoredToken(places, account, (token) => token.accessToken === accessToken)
      }).catch((error: unknown) => {
        // Whoever has the lock is getting another token already.
        if (!isFailure(error) || error.code !== 'locked') throw error
      })
    }
  } finally {
    places.keyring.close()
  }
}

/**
 * Forgets logins as a whole: that of the account, where it has one of its own, else the default account's; without a
 * username those of all accounts of the host. For a host that nothing is kept for, nothing happens.
 *
 * @throws Failure where something can't be removed
 */
export async function forgetLogin(wanted: Account, around: Surroundings): Promise<void> {
  const places = await openPlaces(around)
  try {
    for (const account of listForgotten(wanted, places)) {
      await withLock(places.data, account, { patience: PATIENCE, tell: around.tell }, async () => {
        // First: where the keyring keeps its login, the record that says so stays.
        await forgetInKeyring(places, account)
        removeAllOf(places.data, account)
        removeAllOf(places.runtime, account)
      })
    }
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

function listForgotten(wanted: Account, { data, runtime }: Places): Account[] {
  const directories = [data, runtime]
  if (wanted.username !== undefined) {
    const account = hasRecord(data, wanted) ? wanted : defaultAccount(wanted)
    return directories.some((directory) => hasRecord(directory, account)) ? [account] : []
  }
  const kept = directories.flatMap(listAccounts).filter((account) => isSameHost(account, wanted))
  return [...new Map(kept.map((account) => [accountUrl(account), account])).values()]
}
