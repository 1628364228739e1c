import { randomUUID } from 'node:crypto'
import { isFailure } from '../base/failure.ts'
import { noAccessTokenFailure, type TokenResponse } from '../oauth/grants.ts'
import { type AccessToken, issueToken } from '../tokens/accessToken.ts'
import type { Account } from '../tokens/account.ts'
import { saveClientSecret } from '../tokens/clientSecret.ts'
import { isKeyringTrouble } from '../tokens/keyring/keyring.ts'
import { NOTES, removeNote } from '../tokens/notes.ts'
import { readLogin } from '../tokens/readLogin.ts'
import type { LoginStorage } from '../tokens/storage.ts'
import { writeStoredToken } from '../tokens/storedAccessToken.ts'
import type { Login } from '../tokens/storedLogin.ts'
import { writeLogin } from '../tokens/writeLogin.ts'
import type { Renewal } from './renewal.ts'

/**
 * Saves the login first, because a refresh token exists only once. Then it saves the access token.
 *
 * @param login undefined where the server issued no refresh token
 * @param isNew whether it comes from a login, and not from a refresh
 * @param sentAt when the token was asked for, in seconds since 1970
 * @throws Failure where no place takes the login, though one did in the probe; `unreachable` where the server sent a
 * refresh token alone, which is saved then
 */
export async function saveTokens(
  renewal: Renewal,
  response: TokenResponse,
  login: Login | undefined,
  { sentAt, isNew }: { readonly sentAt: number; readonly isNew: boolean },
): Promise<AccessToken> {
  const mayReplace = login === undefined || isNew || (await isStillOurs(renewal))
  // The one who logs in now may be another.
  if (isNew) removeNote(renewal.storage.data, renewal.account, 'user')
  if (login !== undefined && mayReplace) await saveLogin(renewal, login, sentAt)
  const token = readToken(renewal, response, { sentAt, isNew })
  if (mayReplace) await saveAccessToken(renewal.storage, renewal.account, token)
  const order = login === undefined ? 'without a refresh token' : 'after its refresh token'
  renewal.context.trace(`token ${token.id} is saved, ${order}`)
  // A login makes all notes obsolete.
  if (isNew) for (const name of NOTES) removeNote(renewal.storage.runtime, renewal.account, name)
  return token
}

function readToken(
  { answerForm, client }: Renewal,
  response: TokenResponse,
  { sentAt, isNew }: { readonly sentAt: number; readonly isNew: boolean },
): AccessToken {
  const { accessToken, scopes } = response
  if (accessToken === undefined) throw noAccessTokenFailure(client.tokenEndpoint)
  const grantType = isNew ? 'authorization_code' : 'refresh_token'
  return issueToken({ ...answerForm, accessToken, id: randomUUID(), grantType, scopes }, { ...response, sent: sentAt })
}

/**
 * Whether the stored login is still the one that this process has read. This process may have been stopped for long
 * between sending and saving. Then another one may have taken its lock, and saved a newer login, which must stay; or the
 * login was forgotten.
 */
async function isStillOurs({ account, storage, lock, stored }: Renewal): Promise<boolean> {
  if (lock.isHeld()) return true
  try {
    const present = await readLogin(storage, account)
    return present?.generation === stored?.generation && present?.login.refreshToken === stored?.login.refreshToken
  } catch (error) {
    // We cannot tell. Both are kept then, and the newer one is known by its generation.
    if (!isKeyringTrouble(error)) throw error
    return true
  }
}

async function saveLogin(renewal: Renewal, login: Login, issued: number): Promise<void> {
  const { account, client, storage, store, stored } = renewal
  const place = await writeLogin(storage, account, { login, issued }, store, stored)
  if (place === 'keyring' && client.secretSource === 'configuration') {
    // On failure the secret still is where the user put it.
    await saveClientSecret(storage.keyring, account, client).catch((error: unknown) => {
      if (!isKeyringTrouble(error)) throw error
    })
  }
}

/** Git gets its answer even where the access token cannot be saved: what brings the next one is saved by now. */
export async function saveAccessToken(storage: LoginStorage, account: Account, token: AccessToken): Promise<void> {
  try {
    await writeStoredToken(storage, account, token)
  } catch (error) {
    if (!isFailure(error)) throw error
    storage.tell(`${error.message}; the token is used this once`)
  }
}
