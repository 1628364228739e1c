import { BITBUCKET } from '../base/bitbucket.ts'
import type { Context } from '../base/context.ts'
import { Failure } from '../base/failure.ts'
import { isFalse } from '../base/unattended.ts'
import { readSettings, type Settings } from '../git/config.ts'
import { listOtherHelpers, type OtherHelpers } from '../git/otherHelpers.ts'
import { type Client, findClientIdWithoutSecret, type Grant, isOurs, isOwnServer, mayBeOurs } from '../oauth/client.ts'
import type { AnswerForm } from '../tokens/accessToken.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/account.ts'
import { findClientSecret } from '../tokens/clientSecret.ts'
import type { LoginStorage, Storage, StoreChoice } from '../tokens/storage.ts'
import { requireClient } from './consumerElsewhere.ts'

/** How long a person may take in the browser, where `oauthLoginTimeout` is not set. Seconds. */
const LOGIN_TIME_LIMIT = 300

/** After an hour a person will not come back. Seconds. */
export const LONGEST_LOGIN = 3600

/** What a new token for an account takes: the OAuth client, git's settings, where the login is kept. */
export type AccountSettings = {
  readonly account: Account
  readonly client: Client
  readonly settings: Settings
  readonly storage: LoginStorage
  /** Whether git asks other helpers after this one. They may have a password where we have no token. */
  readonly hasFallback: boolean
  /** The form in which git is answered. */
  readonly answerForm: AnswerForm
  /** How long the person may take in the browser. Seconds. */
  readonly loginTimeLimit: number
  readonly context: Context
}

/**
 * Asks git for the user's settings, which also say whether the account is ours.
 *
 * @param known git's settings, where it was asked already
 * @returns undefined for a host that is not ours
 * @throws Failure `not_configured` where a setting is missing or not valid
 */
export async function readAccountSettings(
  account: Account,
  storage: Storage,
  context: Context,
  known?: Settings,
): Promise<AccountSettings | undefined> {
  const { env } = context
  const url = accountUrl(defaultAccount(account))
  const settings = known ?? findSettings(account, env)
  if (settings === undefined) return undefined
  const sought = findClientIdWithoutSecret(url, settings, env)
  const keptSecret = sought === undefined ? undefined : await findClientSecret(storage, account, sought)
  const client = requireClient(url, settings, env, keptSecret)
  const loginStorage = { ...storage, choice: readStoreChoice(settings, client.grant) }
  const others = listOtherHelpers(url, env)
  const answerForm = readAnswerForm(settings, others)
  const hasFallback = others.after.length > 0
  context.trace(
    `${accountUrl(account)}: secret ${client.secretSource === 'kept' ? 'kept with the logins' : `from the ${client.secretSource}`}, oauthStore ${loginStorage.choice}, ` +
      `${others.before.length} helpers before and ${others.after.length} after this one, ` +
      `git is answered with a ${answerForm.isBearer ? 'Bearer token' : 'password'}`,
  )
  const loginTimeLimit = readTimeLimit(settings)
  return { account, client, settings, storage: loginStorage, answerForm, hasFallback, loginTimeLimit, context }
}

/** The settings for an account; undefined for a host that is not ours. It throws as {@link readSettings} does. */
export function findSettings(account: Account, env: NodeJS.ProcessEnv): Settings | undefined {
  const url = accountUrl(defaultAccount(account))
  if (!mayBeOurs(url)) return undefined
  // The URL has the username, because an account may have a consumer of its own.
  const settings = readSettings('credential', accountUrl(account), env)
  const readGeneral = (): Settings => readSettings('credential', `${account.protocol}://host.invalid`, env)
  return isOurs(url, settings, readGeneral) ? settings : undefined
}

/**
 * The account on the server that a path belongs to: the longest part of the path for which git's configuration names a server
 * of its own, else the root of the host. Bitbucket Cloud is at the root.
 *
 * @throws Failure where git can't tell
 */
export function resolveServer(account: Account, env: NodeJS.ProcessEnv): Account {
  const { contextPath, ...root } = account
  if (contextPath === undefined) return account
  if (accountUrl(defaultAccount(root)) === BITBUCKET) return root
  const parts = contextPath.split('/').slice(1)
  const servers: Account[] = [root]
  for (const index of parts.keys()) servers.push({ ...root, contextPath: `/${parts.slice(0, index + 1).join('/')}` })
  const settings = servers.map((server) => readSettings('credential', accountUrl(server), env))
  const own = servers.findLastIndex((_, index) => {
    const [above, at] = [settings[index - 1], settings[index]]
    return above !== undefined && at !== undefined && isOwnServer(at, above)
  })
  return servers[own] ?? root
}

/** @throws Failure for any other word, and for `none` where a person logs in */
export function readStoreChoice(settings: Settings, grant: Grant): StoreChoice {
  const value = settings.get('oauthstore') ?? 'auto'
  if (value === 'none' && grant === 'authorization_code') {
    throw new Failure('oauthStore=none keeps no login, so each command of git would ask for one', {
      code: 'not_configured',
      hints: ['it is for oauthGrant=client_credentials, where no person logs in; else take auto, keyring or file'],
    })
  }
  if (value === 'auto' || value === 'keyring' || value === 'file' || value === 'none') return value
  throw unknownValueFailure('oauthStore', "auto, keyring or file, or none for a consumer's own token")
}

/** Every git takes a password. But where git has other helpers, some of them keep passwords. */
function readAnswerForm(settings: Settings, { before, after }: OtherHelpers): AnswerForm {
  const value = settings.get('oauthauthtype') ?? 'auto'
  if (value !== 'auto' && value !== 'basic' && value !== 'bearer') {
    throw unknownValueFailure('oauthAuthType', 'auto, basic or bearer')
  }
  const hasOthers = before.length + after.length > 0
  return {
    isBearer: value === 'bearer' || (value === 'auto' && hasOthers),
    heals: !isFalse(settings.get('oauthselfheal')),
    isShadowed: before.length > 0,
  }
}

function unknownValueFailure(key: string, values: string): Failure {
  return new Failure(`${key} in git's configuration has to be ${values}`, {
    code: 'not_configured',
    hints: [`git config --show-origin --get-regexp '^credential\\.(.*\\.)?${key.toLowerCase()}$'`],
  })
}

function readTimeLimit(settings: Settings): number {
  const seconds = Number(settings.get('oauthlogintimeout') ?? LOGIN_TIME_LIMIT)
  return seconds > 0 ? Math.min(seconds, LONGEST_LOGIN) : LOGIN_TIME_LIMIT
}
