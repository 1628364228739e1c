import { Failure, isFailure } from './failure.ts'
import { readSettings, type Settings } from './git/config.ts'
import { readNetwork } from './network.ts'
import { type Client, isOurs, mayBeOurs, readClient } from './oauth/client.ts'
import type { Granted } from './oauth/grants.ts'
import { holdSignals } from './signals.ts'
import type { Surroundings } from './surroundings.ts'
import { readAccessToken, writeAccessToken } from './tokens/cache.ts'
import { noteFailedLogin, readFailedLogin } from './tokens/failedLogin.ts'
import { withLock } from './tokens/lock.ts'
import { probeRecord } from './tokens/record.ts'
import { type AccessToken, type Account, isFresh, isValid } from './tokens/token.ts'
import { readRefreshToken, type RefreshToken, writeRefreshToken } from './tokens/vault.ts'

/** How long a person may take in the browser, unless `oauthLoginTimeout` says otherwise. Seconds. */
const LOGIN_TIME_LIMIT = 300

/** Whoever has not come back after an hour will not. Seconds. */
const LONGEST_LOGIN = 3600

/** How long to wait for a sibling with a token in hand that is still valid. Seconds. */
const SHORT_PATIENCE = 5

/** What a refresh may add to the wait for a sibling. Seconds. */
const REFRESH_TIME_LIMIT = 60

/** An account with all that a new token for it takes. */
type Errand = {
  readonly account: Account
  readonly client: Client
  readonly settings: Settings
  /** Where the access token lies, and where the refresh token. */
  readonly runtime: string
  readonly data: string
  /** When git asked, in seconds since 1970. */
  readonly asked: number
  /** An access token that the server may still take, though it is time to renew it. */
  readonly cached: AccessToken | undefined
  readonly around: Surroundings
}

/**
 * A new access token, saved before it is returned: a sibling's that came first, else a refreshed one, else one from a
 * login in the browser. While the old one is valid, no trouble in getting a new one keeps it from being used.
 *
 * @returns undefined for a host that is not ours
 * @throws Failure where there is no token to be had; no refresh token was deleted
 */
export async function obtainToken(account: Account, around: Surroundings): Promise<AccessToken | undefined> {
  const errand = await prepare(account, around)
  if (errand === undefined) return undefined
  const { settings, runtime, data, cached } = errand
  const patience = cached === undefined ? loginTimeLimit(settings) + REFRESH_TIME_LIMIT : SHORT_PATIENCE
  try {
    return await withLock(data, account, { patience, tell: around.tell }, async () => {
      const siblings = readAccessToken(runtime, account)
      return siblings !== undefined && isFresh(siblings, around.now()) ? siblings : await renew(errand)
    })
  } catch (error) {
    if (!isFailure(error) || cached === undefined || !isValid(cached, around.now())) throw error
    const secondsLeft = Math.floor(cached.expiresAt - around.now())
    around.tell(`${error.message}; the present token is used for the ${secondsLeft} seconds it lasts`)
    return cached
  }
}

async function prepare(account: Account, around: Surroundings): Promise<Errand | undefined> {
  const { env, now } = around
  const asked = now()
  const url = `${account.protocol}://${account.host}`
  if (!mayBeOurs(url)) return undefined
  const settings = readSettings('credential', url, env)
  const readGeneral = (): Settings => readSettings('credential', `${account.protocol}://host.invalid`, env)
  if (!isOurs(url, settings, readGeneral)) return undefined
  const client = readClient(url, settings, env)
  const runtime = await around.findRuntimeDirectory()
  const data = await around.findDataDirectory()
  const old = readAccessToken(runtime, account)
  const cached = old !== undefined && isValid(old, asked) ? old : undefined
  return { account, client, settings, runtime, data, asked, cached, around }
}

/** Refreshes what is stored; logs in where there is nothing to refresh, or where the server itself refuses it. */
async function renew(errand: Errand): Promise<AccessToken> {
  const { account, client, runtime, data, around } = errand
  const stored = readRefreshToken(data, account, around.tell)
  // Where no new token could be saved, the old one must not be spent, nor the user be asked.
  probeRecord(data, account)
  probeRecord(runtime, account)
  if (stored === undefined) return logIn(errand, `no login for ${account.host} is saved`, [])
  if (stored.clientId !== client.clientId) {
    return logIn(errand, `the login for ${account.host} was made with another OAuth consumer`, [])
  }
  return refresh(errand, stored)
}

async function refresh(errand: Errand, stored: RefreshToken): Promise<AccessToken> {
  const { account, client, data, around } = errand
  const grants = await import('./oauth/grants.ts')
  const network = readNetwork(client.tokenEndpoint, around.env)
  const sent = around.now()
  try {
    // The answer exists once: whatever happens meanwhile, it is saved first.
    return await holdSignals(async () => save(errand, await grants.refresh(client, stored.refreshToken, network), sent))
  } catch (error) {
    if (!isFailure(error) || !grants.isRefused(error)) throw error
    // Another machine with the same home directory may have been faster, where no lock of ours reaches.
    const newer = readRefreshToken(data, account, around.tell)
    if (newer !== undefined && newer.refreshToken !== stored.refreshToken) return refresh(errand, newer)
    // The refused one stays until a login replaces it: when a wrong secret is mended, it is good again.
    return logIn(errand, `the saved login was ${error.message}`, error.hints)
  }
}

/** @param reason why, as a clause in lower case; `hints` are what else could be done about it */
async function logIn(errand: Errand, reason: string, hints: readonly string[]): Promise<AccessToken> {
  const { account, client, settings, runtime, asked, cached, around } = errand
  // Nobody need be disturbed yet; and Bitbucket refuses good refresh tokens for some minutes after a bad one.
  if (cached !== undefined) throw new Failure(reason, { hints })
  const failedAt = readFailedLogin(runtime, account)
  if (failedAt !== undefined && failedAt > asked) {
    throw new Failure('the login that another git process asked for came to nothing, so there is no token', {
      hints: ['to try again, run the git command once more'],
    })
  }
  const { login } = await import('./login.ts')
  try {
    return await login({
      client,
      host: account.host,
      settings,
      reason,
      hints,
      timeLimit: loginTimeLimit(settings),
      around,
      save: (granted, sent) => save(errand, granted, sent),
    })
  } catch (error) {
    // Where nobody was asked, nobody refused: a sibling still may ask.
    const isUnasked = isFailure(error) && (error.code === 'login_required' || error.code === 'no_listener')
    if (!isUnasked) noteFailedLogin(runtime, account)
    throw error
  }
}

/**
 * Saves first what exists only once. All in one turn of the event loop.
 *
 * @param sent when the token was asked for: its life is counted from the earliest moment, in seconds since 1970
 * @throws Failure where the refresh token could not be saved, though that was tried before: then the login is lost
 */
function save({ account, client, runtime, data, around }: Errand, granted: Granted, sent: number): AccessToken {
  const { accessToken, refreshToken, expiresIn } = granted
  if (refreshToken !== undefined) writeRefreshToken(data, account, { clientId: client.clientId, refreshToken })
  const token = { accessToken, expiresAt: Math.floor(sent + expiresIn) }
  try {
    writeAccessToken(runtime, account, token)
  } catch (error) {
    // It was tried before, and what cannot be had again is saved: git gets its answer all the same.
    if (!isFailure(error)) throw error
    around.tell(`${error.message}; the token is used this once`)
  }
  return token
}

function loginTimeLimit(settings: Settings): number {
  const seconds = Number(settings.get('oauthlogintimeout') ?? LOGIN_TIME_LIMIT)
  return seconds > 0 ? Math.min(seconds, LONGEST_LOGIN) : LOGIN_TIME_LIMIT
}
