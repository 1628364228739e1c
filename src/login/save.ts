import { randomUUID } from 'node:crypto'
import { isFailure } from '../base/failure.ts'
import type { TokenResponse } from '../oauth/grants.ts'
import { type AccessToken, issueToken } from '../tokens/accessToken.ts'
import { isKeyringTrouble } from '../tokens/keyring/keyring.ts'
import { saveClientSecret } from '../tokens/keyringRecords.ts'
import { NOTES, removeNote } from '../tokens/notes.ts'
import { readLogin } from '../tokens/readLogin.ts'
import { writeLogin } from '../tokens/saveLogin.ts'
import { writeStoredToken } from '../tokens/storedAccessToken.ts'
import type { Login } from '../tokens/storedLogin.ts'
import type { Renewal } from './renewal.ts'

/**
 * Saves first what exists only once: the login, then the access token.
 *
 * @param login undefined where the server issued no refresh token
 * @param isNew whether somebody has just logged in, and did not only refresh
 * @param sentAt when the token was asked for, in seconds since 1970
 * @throws Failure where no place took the login, though one had on trial
 */
export async function save(
  renewal: Renewal,
  response: TokenResponse,
  login: Login | undefined,
  { sentAt, isNew }: { readonly sentAt: number; readonly isNew: boolean },
): Promise<AccessToken> {
  const { accessToken, scopes } = response
  const grantType = isNew ? 'authorization_code' : 'refresh_token'
  const token = issueToken(
    { ...renewal.answerForm, accessToken, id: randomUUID(), grantType, scopes },
    { ...response, sent: sentAt },
  )
  if (login === undefined) {
    await saveAccessToken(renewal, token)
  } else if (isNew || (await isStillOurs(renewal))) {
    await saveLogin(renewal, login, sentAt)
    await saveAccessToken(renewal, token)
  }
  renewal.context.trace(
    `token ${token.id} is saved, ${login === undefined ? 'without a refresh token' : 'after its refresh token'}`,
  )
  // A login sets right whatever they say.
  if (isNew) for (const name of NOTES) removeNote(renewal.storage.runtime, renewal.account, name)
  return token
}

/**
 * Whether what is stored is what this process read. A process that was stopped for long, between asking and saving,
 * may find that another one took its lock and has a newer login by now, which must stay, or that it was forgotten.
 */
async function isStillOurs({ account, storage, lock, stored }: Renewal): Promise<boolean> {
  if (lock.isHeld()) return true
  try {
    const present = await readLogin(storage, account)
    return present?.generation === stored?.generation && present?.login.refreshToken === stored?.login.refreshToken
  } catch (error) {
    // Nobody can tell. Both are kept then, and the newer one is known by its number.
    if (!isKeyringTrouble(error)) throw error
    return true
  }
}

async function saveLogin(
  { account, client, storage, store, stored }: Renewal,
  login: Login,
  issued: number,
): Promise<void> {
  const place = await writeLogin(storage, account, { login, issued }, store, stored)
  if (place === 'keyring' && client.secretSource === 'configuration') {
    // It still is where the user put it.
    await saveClientSecret(storage.keyring, account, client).catch((error: unknown) => {
      if (!isKeyringTrouble(error)) throw error
    })
  }
}

/** It was tried before, and what cannot be had again is saved: git gets its answer all the same. */
async function saveAccessToken({ account, storage }: Renewal, token: AccessToken): Promise<void> {
  try {
    await writeStoredToken(storage, account, token)
  } catch (error) {
    if (!isFailure(error)) throw error
    storage.tell(`${error.message}; the token is used this once`)
  }
}
