import { randomUUID } from 'node:crypto'
import type { Context } from '../base/context.ts'
import type { Settings } from '../git/config.ts'
import { readNetwork } from '../git/network.ts'
import type { Client } from '../oauth/client.ts'
import { noAccessTokenFailure, requestClientToken } from '../oauth/grants.ts'
import { type AccessToken, type AnswerForm, issueToken } from '../tokens/accessToken.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/account.ts'
import { assertLockHeld } from '../tokens/lock/lock.ts'
import { requireClient } from './consumerElsewhere.ts'
import type { UnderLock } from './renewal.ts'
import { saveAccessToken } from './saveTokens.ts'
import { type AccountSettings, readStoreChoice } from './settings.ts'

/**
 * A new token of the consumer's own (RFC 6749, section 4.4), which the processes of this machine share while it lives. Nobody
 * logs in, and no login is kept.
 *
 * @throws Failure where there is none; with the code `lock_lost` where another process has taken the lock over
 */
export async function renewOwnToken(
  { account, client, storage, answerForm, context }: AccountSettings,
  { lock }: Pick<UnderLock, 'lock'>,
): Promise<AccessToken> {
  assertLockHeld(lock)
  const token = await requestOwnToken(client, answerForm, context)
  assertLockHeld(lock)
  await saveAccessToken(storage, account, token)
  context.trace(`token ${token.id} is saved; it is the consumer's own`)
  return token
}

/**
 * The same where `oauthStore=none` keeps nothing, so that neither a home nor a lock is needed.
 *
 * @param settings those for the account
 * @throws Failure where there is no token
 */
export async function requestUnkeptToken(account: Account, settings: Settings, context: Context): Promise<AccessToken> {
  const client = requireClient(accountUrl(defaultAccount(account)), settings, context.env)
  readStoreChoice(settings, client.grant)
  context.trace("a token of the consumer's own is asked for, and nothing is kept")
  return requestOwnToken(client, { isBearer: false, heals: false, isShadowed: false }, context)
}

/** @throws Failure where the server gives none */
export async function requestOwnToken(client: Client, answerForm: AnswerForm, context: Context): Promise<AccessToken> {
  const network = readNetwork(client.tokenEndpoint, context.env, context.trace)
  const sent = context.now()
  const response = await requestClientToken(client, network)
  const { accessToken, scopes } = response
  if (accessToken === undefined) throw noAccessTokenFailure(client.tokenEndpoint)
  const token = { ...answerForm, accessToken, id: randomUUID(), grantType: 'client_credentials', scopes } as const
  return issueToken(token, { ...response, sent })
}
