import type { Context } from '../base/context.ts'
import { type Failure, isFailure, orFailure } from '../base/failure.ts'
import type { Settings } from '../git/config.ts'
import { type AccessToken, isFresh, isValid } from '../tokens/accessToken.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/account.ts'
import { readAccessToken } from '../tokens/cache.ts'
import { findGivenToken } from '../tokens/givenToken.ts'
import { type Lock, type LockOptions, withLock } from '../tokens/lock/lock.ts'
import { answeringAccount, hasRecord } from '../tokens/recordFile.ts'
import { endRenewal } from '../tokens/renewalMark.ts'
import { type Storage, withStorage } from '../tokens/storage.ts'
import { readStoredToken, removeStoredToken } from '../tokens/storedAccessToken.ts'
import { logInByHand } from './logIn.ts'
import { renew } from './renew.ts'
import type { UnderLock } from './renewal.ts'
import { type AccountSettings, findSettings, LONGEST_LOGIN, readAccountSettings, resolveServer } from './settings.ts'

/** How long to wait for another process. Its work has limits of its own. Seconds. */
const LOCK_WAIT = LONGEST_LOGIN + 60

/** How long to wait for another process while there is a valid token. Seconds. */
const SHORT_LOCK_WAIT = 5

type Token = AccessToken | undefined

export type Obtained = {
  readonly token: AccessToken
  /** Whether git would get no better token by asking again. Else the answer says `continue`. */
  readonly isFinal: boolean
}

type TokenRequest = {
  readonly account: Account
  readonly storage: Storage
  readonly context: Context
  /** The id of a token that the server has just refused. */
  readonly refused: string | undefined
  /** When git asked, in seconds since 1970. */
  readonly asked: number
}

/**
 * The access token that the environment gives; else a new one, saved before it is returned: one that another process has just
 * obtained, else a refreshed one, else one from a login in the browser. Where none of these can be had, the old token is
 * returned while it is valid.
 *
 * @param asked the account that git asks for; the default account answers for a username without a login of its own
 * @param refused the id of a token that the server has just refused: it is not returned again
 * @returns undefined for a host that is not ours
 * @throws Failure where there is no token; no refresh token was deleted
 */
export async function obtainToken(
  asked: Account,
  context: Context,
  refused: string | undefined,
): Promise<Obtained | undefined> {
  const wanted = resolveServer(asked, context.env)
  const given = findGivenToken(wanted, context.env)
  if (given !== undefined) return { token: given, isFinal: true }
  // A record proves that the account is ours. The settings can then wait until we have the lock, so that of many
  // processes only one asks git for them.
  const isKnown = await hasLogin(wanted, context)
  const settings = isKnown ? undefined : findSettings(defaultAccount(wanted), context.env)
  if (!isKnown && settings === undefined) return undefined
  if (settings?.get('oauthstore') === 'none') {
    const { requestUnkeptToken } = await import('./ownToken.ts')
    return { token: await requestUnkeptToken(defaultAccount(wanted), settings, context), isFinal: true }
  }
  return withStorage(context, async (storage) => {
    const account = answeringAccount(storage.data, wanted)
    try {
      return await obtainFreshToken({ account, storage, context, refused, asked: context.now() }, settings)
    } finally {
      endRenewal(storage.runtime, account)
    }
  })
}

async function obtainFreshToken(request: TokenRequest, settings: Settings | undefined): Promise<Obtained | undefined> {
  const { context, refused } = request
  const present = await readUsableToken(request)
  if (isFreshNow(present, context)) return { token: present, isFinal: refused !== undefined }

  const token = await orFailure(() => obtainNewToken(request, present, settings))
  if (isFailure(token)) return { token: await requireValidToken(request, present, token), isFinal: true }
  return token === undefined ? undefined : { token, isFinal: true }
}

/** Whether a login is kept that answers for the account. Where no place is known, none is. */
async function hasLogin(wanted: Account, context: Context): Promise<boolean> {
  const data = await orFailure(() => context.findDataDirectory())
  return !isFailure(data) && hasRecord(data, answeringAccount(data, wanted))
}

async function obtainNewToken(request: TokenRequest, present: Token, known: Settings | undefined): Promise<Token> {
  const { account, storage, context } = request
  const settings = known === undefined ? undefined : await readAccountSettings(account, storage, context, known)
  return retryIfLockLost(() =>
    withLock(storage.data, account, lockOptions(request, present), (lock) => obtainUnderLock(request, settings, lock)),
  )
}

/** The token of another process that had the lock before, else a new one. */
async function obtainUnderLock(request: TokenRequest, known: AccountSettings | undefined, lock: Lock): Promise<Token> {
  const { account, storage, context, refused, asked } = request
  const present = await readUsableToken(request)
  if (isFreshNow(present, context)) {
    context.trace(`another process has obtained token ${present.id} meanwhile`)
    return present
  }
  context.trace(`this process has the lock of ${accountUrl(account)}`)
  if (refused !== undefined) await removeStoredToken(storage, account, ({ id }) => id === refused)
  const settings = known ?? (await readAccountSettings(account, storage, context))
  if (settings === undefined) return undefined
  return renew(settings, { lock, asked, mayLogIn: !isValidNow(present, context) })
}

/**
 * A login that a person asks for, for the default account or for a username of its own.
 *
 * @returns undefined for a host that is not ours
 * @throws Failure where the login brought no token
 */
export async function logInOnRequest(account: Account, context: Context): Promise<Token> {
  return withAccountLock(() => account, context, logInByHand)
}

/**
 * Renews the access token of an account, even a fresh one. It never opens a browser.
 *
 * @param wanted as in {@link obtainToken}
 * @returns undefined for a host that is not ours
 * @throws Failure with the code `login_required` where there is no login to renew it with; the present token stays
 */
export async function refreshNow(wanted: Account, context: Context): Promise<Token> {
  const findAccount = ({ data }: Storage): Account => answeringAccount(data, wanted)
  return withAccountLock(findAccount, context, (settings, under) => renew(settings, { ...under, mayLogIn: false }))
}

/** Works under the lock of an account. The stored access token does not matter. */
async function withAccountLock(
  findAccount: (storage: Storage) => Account,
  context: Context,
  work: (settings: AccountSettings, under: Pick<UnderLock, 'lock' | 'asked'>) => Promise<AccessToken>,
): Promise<Token> {
  return withStorage(context, async (storage) => {
    const asked = context.now()
    const account = findAccount(storage)
    const settings = await readAccountSettings(account, storage, context)
    if (settings === undefined) return undefined
    const options = { patience: LOCK_WAIT, tell: context.tell }
    return retryIfLockLost(() =>
      withLock<Token>(storage.data, account, options, (lock) => work(settings, { lock, asked })),
    )
  })
}

/** The wait is short while there is a valid token, and ends when another process has obtained one. */
function lockOptions(request: TokenRequest, present: Token): LockOptions<Token> {
  const { account, storage, context, refused } = request
  return {
    patience: isValidNow(present, context) ? SHORT_LOCK_WAIT : LOCK_WAIT,
    tell: context.tell,
    look: () => {
      // We do not ask the keyring while we wait.
      const token = readAccessToken(storage.runtime, account)
      return token?.id !== refused && isFreshNow(token, context) ? token : undefined
    },
  }
}

/** The account's stored token, unless it is the one that the server has refused. */
async function readUsableToken({ account, storage, refused }: TokenRequest): Promise<Token> {
  const token = await readStoredToken(storage, account)
  return token?.id === refused ? undefined : token
}

/**
 * The stored token, if it is still valid, else the reason is thrown.
 *
 * @param before the token that was stored at first, for the case that the keyring has gone down meanwhile
 */
async function requireValidToken(request: TokenRequest, before: Token, reason: Failure): Promise<AccessToken> {
  const { context } = request
  const present = await orFailure(() => readUsableToken(request))
  const token = isFailure(present) ? before : present
  if (!isValidNow(token, context)) throw reason
  const left = Math.floor(token.expiresAt - context.now())
  context.tell(`${reason.message}; the present token is used for the ${left} seconds it lasts`)
  return token
}

function isFreshNow(token: Token, { now }: Context): token is AccessToken {
  return token !== undefined && isFresh(token, now())
}

function isValidNow(token: Token, { now }: Context): token is AccessToken {
  return token !== undefined && isValid(token, now())
}

/** Repeats the work where this process was stopped for so long that another one took its lock over. */
async function retryIfLockLost(work: () => Promise<Token>): Promise<Token> {
  for (;;) {
    const token = await orFailure(work)
    if (!isFailure(token)) return token
    if (token.code !== 'lock_lost') throw token
  }
}
