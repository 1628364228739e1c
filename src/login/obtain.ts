import type { Surroundings } from '../base/context.ts'
import { isFailure } from '../base/failure.ts'
import { type AccessToken, isFresh, isValid } from '../tokens/accessToken.ts'
import { type Account, accountUrl } from '../tokens/account.ts'
import { readAccessToken } from '../tokens/cache.ts'
import { type LockOptions, withLock } from '../tokens/lock/lock.ts'
import { answeringAccount, hasRecord } from '../tokens/recordFile.ts'
import { openPlaces } from '../tokens/storage.ts'
import { readStoredToken, removeStoredToken } from '../tokens/storedAccessToken.ts'
import { logInByHand, renew } from './renew.ts'
import { type Errand, LONGEST_LOGIN, prepareErrand } from './settings.ts'

/** How long to wait for a sibling, which has limits of its own for what it does. Seconds. */
const PATIENCE = LONGEST_LOGIN + 60

/** How long to wait for a sibling with a token in hand that is still valid. Seconds. */
const SHORT_PATIENCE = 5

type Token = AccessToken | undefined

export type Obtained = {
  readonly token: AccessToken
  /** Whether another one would be no better, or is not to be had: git's word for the contrary is `continue`. */
  readonly isFinal: boolean
}

/**
 * A new access token, saved before it is returned: a sibling's that came first, else a refreshed one, else one from a
 * login in the browser. While the old one is valid, no trouble in getting a new one keeps it from being used.
 *
 * @param wanted whom git asks for; the default account answers for a username that has no login of its own
 * @param refused the id of a token that the server has just refused, and that counts as none
 * @returns undefined for a host that is not ours
 * @throws Failure where there is no token to be had; no refresh token was deleted
 */
export async function obtainToken(
  wanted: Account,
  around: Surroundings,
  refused: string | undefined,
): Promise<Obtained | undefined> {
  const { now, tell, trace } = around
  const asked = now()
  const places = await openPlaces(around)
  const { data, runtime, keyring } = places
  const account = answeringAccount(data, wanted)
  let valid: Token
  const readFresh = async (): Promise<Token> => {
    const stored = await readStoredToken(places, account)
    const token = stored?.id === refused ? undefined : stored
    valid = token !== undefined && isValid(token, now()) ? token : undefined
    return token !== undefined && isFresh(token, now()) ? token : undefined
  }
  let errand: Promise<Errand | undefined> | undefined
  const prepare = (): Promise<Errand | undefined> => (errand ??= prepareErrand(account, places, around))
  try {
    const fresh = await readFresh()
    if (fresh !== undefined) return { token: fresh, isFinal: refused !== undefined }
    // What has a record was ours when it was made: of many that wait for one, only that one asks git for settings.
    if (!hasRecord(data, account) && (await prepare()) === undefined) return undefined
    const options: LockOptions<Token> = {
      patience: valid === undefined ? PATIENCE : SHORT_PATIENCE,
      tell,
      look: () => {
        const siblings = readAccessToken(runtime, account)
        return siblings !== undefined && siblings.id !== refused && isFresh(siblings, now()) ? siblings : undefined
      },
    }
    const token = await untilHeld(() =>
      withLock<Token>(data, account, options, async (lock) => {
        const siblings = await readFresh()
        if (siblings !== undefined) {
          trace(`another process has obtained token ${siblings.id} meanwhile`)
          return siblings
        }
        trace(`the lock of ${accountUrl(account)} is taken`)
        if (refused !== undefined) await removeStoredToken(places, account, ({ id }) => id === refused)
        const prepared = await prepare()
        return prepared === undefined ? undefined : renew(prepared, { lock, asked, hasValid: valid !== undefined })
      }),
    )
    return token === undefined ? undefined : { token, isFinal: true }
  } catch (error) {
    if (!isFailure(error) || valid === undefined || !isValid(valid, now())) throw error
    tell(`${error.message}; the present token is used for the ${Math.floor(valid.expiresAt - now())} seconds it lasts`)
    return { token: valid, isFinal: true }
  } finally {
    keyring.close()
  }
}

/**
 * A login that somebody asks for by hand, for the default account or for a username of its own.
 *
 * @returns undefined for a host that is not ours
 * @throws Failure where it came to nothing
 */
export async function logInAnew(account: Account, around: Surroundings): Promise<Token> {
  const asked = around.now()
  const places = await openPlaces(around)
  try {
    const errand = await prepareErrand(account, places, around)
    if (errand === undefined) return undefined
    const options = { patience: PATIENCE, tell: around.tell }
    return await untilHeld(() =>
      withLock<Token>(places.data, account, options, (lock) => logInByHand(errand, { lock, asked })),
    )
  } finally {
    places.keyring.close()
  }
}

/**
 * Renews the access token of an account, fresh as it may be, without ever asking anybody.
 *
 * @param wanted as for {@link obtainToken}
 * @returns undefined for a host that is not ours
 * @throws Failure with the code `login_required` where there is no login to renew it with; the present token stays
 */
export async function refreshNow(wanted: Account, around: Surroundings): Promise<Token> {
  const asked = around.now()
  const places = await openPlaces(around)
  try {
    const account = answeringAccount(places.data, wanted)
    const errand = await prepareErrand(account, places, around)
    if (errand === undefined) return undefined
    const options = { patience: PATIENCE, tell: around.tell }
    return await untilHeld(() =>
      withLock<Token>(places.data, account, options, (lock) => renew(errand, { lock, asked, hasValid: true })),
    )
  } finally {
    places.keyring.close()
  }
}

/** Begins anew where the process was stopped for so long that another one took its lock over. */
async function untilHeld(work: () => Promise<Token>): Promise<Token> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isFailure(error) || error.code !== 'lock_lost') throw error
    }
  }
}
