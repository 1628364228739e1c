import { Failure, isFailure, orFailure } from '../base/failure.ts'
import { mayRefuseClient } from '../oauth/errorCodes.ts'
import type { AccessToken } from '../tokens/accessToken.ts'
import { accountName } from '../tokens/account.ts'
import { readNote, removeNote } from '../tokens/notes.ts'
import { readLogin } from '../tokens/readLogin.ts'
import { logIn } from './logIn.ts'
import { isUnasked } from './pause.ts'
import { prepareRenewal, type Renewal, type UnderLock } from './renewal.ts'
import type { AccountSettings } from './settings.ts'

/**
 * A new access token: one of the consumer's own where that is configured; else a refreshed one, or one from a login where there
 * is no refresh token or the server refuses it.
 *
 * @throws Failure where there is none; with the code `lock_lost` where another process has taken the lock over
 */
export async function renew(settings: AccountSettings, under: UnderLock): Promise<AccessToken> {
  const { account, client, storage } = settings
  if (client.grant === 'client_credentials') {
    const { renewOwnToken } = await import('./ownToken.ts')
    return renewOwnToken(settings, under)
  }
  const renewal = await prepareRenewal(settings, under, await readLogin(storage, account))
  const { stored } = renewal
  if (stored === undefined) return logIn(renewal, `no login for ${accountName(account)} is saved`)
  if (stored.login.clientId !== client.clientId) {
    return logIn(renewal, `the login for ${accountName(account)} was made with another OAuth consumer`)
  }
  if (takeRefusedNote(renewal)) {
    const token = await orFailure(() =>
      logIn(renewal, `${account.host} refused an access token that it had just issued`),
    )
    if (!isFailure(token)) return token
    if (!isUnasked(token)) throw token
  }
  // Loaded only here, with all of HTTP: where many processes wait for a refresh, one alone needs it.
  const { refresh } = await import('./refresh.ts')
  const refreshed = await refresh(renewal, stored)
  if (!isFailure(refreshed)) return refreshed
  const reason = `the saved login was ${refreshed.message}`
  if (!renewal.mayLogIn && mayRefuseClient(refreshed.code)) {
    throw new Failure(reason, { hints: refreshed.hints, code: refreshed.code, cause: refreshed })
  }
  // The refused refresh token stays until a login replaces it. When a wrong secret is put right, it is good again.
  return logIn(renewal, reason, refreshed.hints)
}

/** An older refusal says nothing any more. Seconds. */
const REFUSAL_AGE_LIMIT = 3600

/**
 * Whether the server has refused an access token that it had just refreshed. Another refresh would bring another such
 * token. A login may be for an account with more rights.
 */
function takeRefusedNote({ account, storage, mayLogIn, context }: Renewal): boolean {
  const note = mayLogIn ? readNote(storage.runtime, account, 'refused') : undefined
  if (note === undefined) return false
  removeNote(storage.runtime, account, 'refused')
  const isOld = Number(note['leftAt']) < context.now() - REFUSAL_AGE_LIMIT
  return !isOld
}
