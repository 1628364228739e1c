import { type Failure, isFailure, orFailure } from '../base/failure.ts'
import { holdSignals } from '../base/signals.ts'
import { readNetwork } from '../git/network.ts'
import { isRefreshTokenRefused } from '../oauth/errorCodes.ts'
import { refreshAccessToken } from '../oauth/grants.ts'
import type { AccessToken } from '../tokens/accessToken.ts'
import { assertLockHeld, lockLostFailure } from '../tokens/lock/lock.ts'
import { readLogin, type StoredLogin } from '../tokens/readLogin.ts'
import { findPreviousRefreshToken, renewLogin } from '../tokens/storedLogin.ts'
import type { Renewal } from './renewal.ts'
import { save } from './save.ts'

/** A refresh token that the server may take: that of a stored login, or the one before it. */
type Candidate = { readonly stored: StoredLogin; readonly refreshToken: string }

/**
 * Sends refresh tokens until the server takes one, and saves what it answers.
 *
 * @returns the Failure with which the server refused the last one, where it took none
 * @throws Failure for anything that is no word of the server on the refresh token
 */
export async function refresh(renewal: Renewal, stored: StoredLogin): Promise<AccessToken | Failure> {
  const { lock, store, context } = renewal
  context.trace(`refreshing with the login in ${store === 'keyring' ? 'the keyring' : 'a file'}`)
  let candidate: Candidate = { stored, refreshToken: stored.login.refreshToken }
  for (;;) {
    const sentAt = context.now()
    const answer = await send(renewal, candidate, sentAt)
    if (!isFailure(answer)) return answer
    // A process that was stopped for long knows nothing any more of what happened to an old token.
    if (!lock.isHeld()) throw lockLostFailure(answer)
    if (!isRefreshTokenRefused(answer.code)) throw answer
    context.trace(`the refresh token was refused: ${answer.code}`)
    const next = await findNext(renewal, candidate, sentAt)
    if (next === undefined) return answer
    candidate = next
  }
}

/** @param sentAt in seconds since 1970 */
async function send(
  renewal: Renewal,
  { stored, refreshToken }: Candidate,
  sentAt: number,
): Promise<AccessToken | Failure> {
  const { client, lock, context } = renewal
  const network = readNetwork(client.tokenEndpoint, context.env, context.trace)
  // The answer exists once: whatever happens meanwhile, it is saved first.
  return holdSignals(() =>
    orFailure(async () => {
      assertLockHeld(lock)
      const response = await refreshAccessToken(client, refreshToken, network)
      const renewed = renewLogin(stored.login, refreshToken, response.refreshToken, sentAt)
      return save({ ...renewal, stored }, response, renewed, { sentAt, isNew: false })
    }),
  )
}

/** What else can be tried after the server has refused a refresh token. */
async function findNext(
  { storage, account }: Renewal,
  refused: Candidate,
  sentAt: number,
): Promise<Candidate | undefined> {
  const { login } = refused.stored
  // Another machine with the same home directory may have been faster, where no lock of ours reaches.
  const newer = await readLogin(storage, account)
  if (newer !== undefined && newer.login.refreshToken !== login.refreshToken) {
    return { stored: newer, refreshToken: newer.login.refreshToken }
  }
  // A server that forgot its last answer may still take the token that it answered to.
  const previous = refused.refreshToken === login.refreshToken ? findPreviousRefreshToken(login, sentAt) : undefined
  return previous === undefined ? undefined : { stored: refused.stored, refreshToken: previous }
}
