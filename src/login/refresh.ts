import { type Failure, isFailure, orFailure } from '../base/failure.ts'
import { holdSignals } from '../base/signals.ts'
import { readNetwork } from '../git/network.ts'
import { mayRefuseRefreshToken } from '../oauth/errorCodes.ts'
import { refreshAccessToken } from '../oauth/grants.ts'
import type { AccessToken } from '../tokens/accessToken.ts'
import { assertLockHeld, lockLostFailure } from '../tokens/lock/lock.ts'
import { readLogin } from '../tokens/readLogin.ts'
import { findPreviousRefreshToken, renewLogin, type StoredLogin } from '../tokens/storedLogin.ts'
import type { Renewal } from './renewal.ts'
import { saveTokens } from './saveTokens.ts'

/** A refresh token that the server may take: that of a stored login, or the one before it. */
type Candidate = { readonly stored: StoredLogin; readonly refreshToken: string }

/**
 * Sends refresh tokens until the server takes one, and saves its answer.
 *
 * @returns the server's last refusal, where it took none
 * @throws Failure for any other trouble
 */
export async function refresh(renewal: Renewal, stored: StoredLogin): Promise<AccessToken | Failure> {
  const { lock, store, context } = renewal
  context.trace(`refreshing with the login in ${store === 'keyring' ? 'the keyring' : 'a file'}`)
  let candidate: Candidate = { stored, refreshToken: stored.login.refreshToken }
  for (;;) {
    const sentAt = context.now()
    const answer = await send(renewal, candidate, sentAt)
    if (!isFailure(answer)) return answer
    // This process was stopped for long. Another one may have spent the token meanwhile.
    if (!lock.isHeld()) throw lockLostFailure(answer)
    if (!mayRefuseRefreshToken(answer.code)) throw answer
    context.trace(`the refresh token was refused: ${answer.code}`)
    const next = await findNext(renewal, candidate, sentAt)
    if (next === undefined) return answer
    candidate = next
  }
}

async function send(renewal: Renewal, candidate: Candidate, sentAt: number): Promise<AccessToken | Failure> {
  const { client, lock, context } = renewal
  const { stored, refreshToken } = candidate
  const network = readNetwork(client.tokenEndpoint, context.env, context.trace)
  // The answer exists once. It is saved before any signal takes effect.
  return holdSignals(() =>
    orFailure(async () => {
      assertLockHeld(lock)
      const response = await refreshAccessToken(client, refreshToken, network)
      const renewed = renewLogin(stored.login, refreshToken, response.refreshToken, sentAt)
      return saveTokens({ ...renewal, stored }, response, renewed, { sentAt, isNew: false })
    }),
  )
}

async function findNext(renewal: Renewal, refused: Candidate, sentAt: number): Promise<Candidate | undefined> {
  const { login } = refused.stored
  // Another machine with the same home directory may have been faster. Our lock does not reach it.
  const newer = await readLogin(renewal.storage, renewal.account)
  if (newer !== undefined && newer.login.refreshToken !== login.refreshToken) {
    return { stored: newer, refreshToken: newer.login.refreshToken }
  }
  // A server that has lost its last answer may still take the token before.
  const previous = refused.refreshToken === login.refreshToken ? findPreviousRefreshToken(login, sentAt) : undefined
  return previous === undefined ? undefined : { stored: refused.stored, refreshToken: previous }
}
