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
  readonly around: Surroundings
}

/**
 * A new access token, saved before it is returned: a sibling's that came first, else a refreshed one, else one from a
 * login in the browser; else the old one, while it lasts.
 *
 * @returns undefined for a host that is not ours
 * @throws Failure where there is no token to be had; no refresh token was deleted
 */
export async function obtainToken(account: Account, around: Surroundings): Promise<AccessToken | undefined> {
  const errand = await prepare(account, around)
  if (errand === undefined) return undefined
  const { settings, runtime, data } = errand
  const patience = loginTimeLimit(settings) + REFRESH_TIME_LIMIT
  return withLock(data, account, { patience, tell: around.tell }, async () => {
    const cached = readAccessToken(runtime, account)
    if (cached !== undefined && isFresh(cached, around.now())) return cached
    try {
      return await renew(errand)
    } catch (error) {
      return fallBack(error, cached, around)
    }
  })
}

async function prepare(account: Account, around: Surroundings): Promise<Errand | undefined> {
  const { env, now, runtimeDirectory: runtime } = around
  const asked = now()
  const url = `${account.protocol}://${account.host}`
  if (!mayBeOurs(url)) return undefined
  const settings = readSettings('credential', url, env)
  const readGeneral = (): Settings => readSettings('credential', `${account.protocol}://host.invalid`, env)
  if (!isOurs(url, settings, readGeneral)) return undefined
  const client = readClient(url, settings, env)
  return { account, client, settings, runtime, data: await around.findDataDirectory(), asked, around }
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
  const { account, client, settings, runtime, asked, around } = errand
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
    // Where nobody could be asked, nobody refused: a sibling in a terminal still may ask.
    if (!isFailure(error) || error.code !== 'login_required') noteFailedLogin(runtime, account)
    throw error
  }
}

/** The old token while it lasts, where the trouble is the network's, or that nobody can be asked. */
function fallBack(error: unknown, cached: AccessToken | undefined, { now, tell }: Surroundings): AccessToken {
  const isPassing = isFailure(error) && (error.code === 'unreachable' || error.code === 'login_required')
  if (!isPassing || cached === undefined || !isValid(cached, now())) throw error
  tell(`${error.message}; the present token is used for the ${Math.ceil(cached.expiresAt - now())} seconds it lasts`)
  return cached
}

/**
 * Saves first what exists only once. All in one turn of the event loop.
 *
 * @param sent when the token was asked for: its life is counted from the earliest moment, in seconds since 1970
 * @throws Failure where it could not be saved, though that was tried before: then the login is lost
 */
function save({ account, client, runtime, data }: Errand, granted: Granted, sent: number): AccessToken {
  const { accessToken, refreshToken, expiresIn } = granted
  if (refreshToken !== undefined) writeRefreshToken(data, account, { clientId: client.clientId, refreshToken })
  const token = { accessToken, expiresAt: Math.floor(sent + expiresIn) }
  writeAccessToken(runtime, account, token)
  return token
}

function loginTimeLimit(settings: Settings): number {
  const seconds = Number(settings.get('oauthlogintimeout') ?? LOGIN_TIME_LIMIT)
  return seconds > 0 && Number.isFinite(seconds) ? seconds : LOGIN_TIME_LIMIT
}
