import { Failure, isFailure } from './failure.ts'
import { readSettings, type Settings } from './git/config.ts'
import { readNetwork } from './network.ts'
import { type Client, isOurs, mayBeOurs, readClient } from './oauth/client.ts'
import type { Granted } from './oauth/grants.ts'
import type { Surroundings } from './surroundings.ts'
import { lastFailedLogin, noteFailedLogin } from './tokens/attempt.ts'
import { readAccessToken, writeAccessToken } from './tokens/cache.ts'
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
  readonly directories: { readonly runtime: string; readonly data: string }
  readonly around: Surroundings
}

/**
 * A new access token, saved before it is returned: a sibling's that came first, else a refreshed one, else one from a
 * login in the browser.
 *
 * @returns undefined for a host that is not ours
 * @throws Failure where there is no token to be had; whatever was stored is stored still
 */
export async function obtainToken(account: Account, around: Surroundings): Promise<AccessToken | undefined> {
  const { env, now, tell } = around
  const url = `${account.protocol}://${account.host}`
  if (!mayBeOurs(url)) return undefined
  const settings = readSettings('credential', url, env)
  if (!isOurs(url, settings, () => readSettings('credential', `${account.protocol}://host.invalid`, env))) {
    return undefined
  }
  const directories = { runtime: around.runtimeDirectory, data: await around.findDataDirectory() }
  const errand = { account, client: readClient(url, settings, env), settings, directories, around }
  const patience = loginTimeLimit(settings) + REFRESH_TIME_LIMIT
  const asked = now()
  return withLock(directories.data, account, { patience, tell }, async () => {
    const cached = readAccessToken(directories.runtime, account)
    if (cached !== undefined && isFresh(cached, now())) return cached
    const stored = readRefreshToken(directories.data, account, tell)
    // Where neither a new token could be saved, the old one must not be spent, nor the user be asked.
    probeRecord(directories.data, account)
    probeRecord(directories.runtime, account)
    if (stored === undefined) return logIn(errand, `there is no login for ${account.host} yet`, asked)
    if (stored.clientId !== errand.client.clientId) {
      return logIn(errand, `the login for ${account.host} was made with another OAuth consumer`, asked)
    }
    return renew(errand, stored, cached, asked)
  })
}

/** Refreshes; logs in where the server's own word ended the refresh token; else falls back on what is still valid. */
async function renew(
  errand: Errand,
  stored: RefreshToken,
  cached: AccessToken | undefined,
  asked: number,
): Promise<AccessToken> {
  const { account, client, directories, around } = errand
  const { env, now, tell } = around
  const { endsRefreshToken, refresh } = await import('./oauth/grants.ts')
  const sent = now()
  let granted: Granted
  try {
    granted = await refresh(client, stored.refreshToken, readNetwork(client.tokenEndpoint, env))
  } catch (error) {
    if (!isFailure(error)) throw error
    if (endsRefreshToken(error)) {
      // Another machine with the same home directory may have been faster, where no lock of ours reaches.
      const newer = readRefreshToken(directories.data, account, tell)
      if (newer !== undefined && newer.refreshToken !== stored.refreshToken) return renew(errand, newer, cached, asked)
      // The refused token stays until a login replaces it: a wrong secret is mended, and it is good again.
      return logIn(errand, `the saved login has ended, ${error.message}`, asked)
    }
    if (cached === undefined || !isValid(cached, now())) throw error
    tell(`${error.message}; the present token is used for the ${Math.ceil(cached.expiresAt - now())} seconds it lasts`)
    return cached
  }
  return save(errand, granted, sent)
}

/** @param asked when this process was asked: a login of a sibling's that failed since then answers for this one too */
async function logIn(errand: Errand, reason: string, asked: number): Promise<AccessToken> {
  const { account, client, settings, directories, around } = errand
  const failedAt = lastFailedLogin(directories.runtime, account)
  if (failedAt !== undefined && failedAt > asked) {
    throw new Failure(`the login that another git process asked for came to nothing, so there is no token`, {
      hints: ['to try again, run the git command once more'],
    })
  }
  const { login } = await import('./login.ts')
  const sent = around.now()
  try {
    return await login({
      client,
      host: account.host,
      settings,
      reason,
      timeLimit: loginTimeLimit(settings),
      around,
      save: (granted) => save(errand, granted, sent),
    })
  } catch (error) {
    // Where nobody could be asked, nobody refused: a sibling in a terminal still may ask.
    const isUnasked = isFailure(error) && error.code === 'login_required'
    if (!isUnasked) noteFailedLogin(directories.runtime, account)
    throw error
  }
}

/**
 * Saves first what exists only once. All in one turn of the event loop.
 *
 * @param sent when the token was asked for: its life is counted from the earliest moment, in seconds since 1970
 */
function save({ account, client, directories }: Errand, granted: Granted, sent: number): AccessToken {
  const { runtime, data } = directories
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
