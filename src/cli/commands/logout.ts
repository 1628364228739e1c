import { APP_AUTHORIZATIONS_PAGE } from '../../base/bitbucket.ts'
import type { Context } from '../../base/context.ts'
import { Failure, isFailure, orFailure } from '../../base/failure.ts'
import { readNetwork } from '../../git/network.ts'
import { forgetLogin, listKeptAccounts } from '../../login/forget.ts'
import { readAccountSettings } from '../../login/settings.ts'
import type { Client } from '../../oauth/client.ts'
import { revoke } from '../../oauth/revocation.ts'
import { type Account, accountName } from '../../tokens/account.ts'
import { readLogin } from '../../tokens/readLogin.ts'
import type { Storage } from '../../tokens/storage.ts'
import { readStoredToken } from '../../tokens/storedAccessToken.ts'
import { readLoginAccount, unknownHostFailure } from '../account.ts'
import type { Arguments } from '../arguments.ts'
import { forgetConsumer, tellOfConsumer } from './logout/forgetConsumer.ts'

/** What was kept of an account, and who may ask the server to end it. Secret. */
type Forgotten = {
  readonly account: Account
  readonly tokens: readonly string[]
  readonly client: Client | Failure
}

/**
 * `logout`: forgets logins here, and then asks the server to end them.
 *
 * @throws Failure where something that is kept cannot be forgotten; for a wrong name nothing is
 */
export async function logout(args: Arguments, context: Context): Promise<void> {
  const wanted = readLoginAccount(args)
  const forgotten: Forgotten[] = []
  await forgetLogin(wanted, context, wanted.username === undefined ? 'all' : 'own', async (storage, account) => {
    forgotten.push({
      account,
      tokens: await readTokens(storage, account),
      client: await readClient(storage, account, context),
    })
  })
  const left = listKeptAccounts(wanted, {
    data: await context.findDataDirectory(),
    runtime: await context.findRuntimeDirectory(),
  })
  if (forgotten.length === 0) {
    const others = left.length === 0 ? '' : `; kept are: ${left.map(accountName).join(', ')}`
    context.write(`no login to ${accountName(wanted)} is kept${others}\n`)
  }
  for (const each of forgotten) {
    context.write(`logged out of ${accountName(each.account)}: no token is kept here any more\n`)
    await revokeAll(each, context)
  }
  // Last: the server takes a token's end only from the consumer.
  if (args.has('consumer')) {
    const accounts = forgotten.map(({ account }) => account)
    await forgetConsumer(wanted, accounts, context)
  } else {
    await tellOfConsumer(wanted, context)
  }
}

/** The refresh token before the access token: with it the server may end both. */
async function readTokens(storage: Storage, account: Account): Promise<string[]> {
  // What cannot be read cannot be revoked; whether it can be forgotten shows in a moment.
  const kept = await orFailure(() => readLogin({ ...storage, choice: 'auto' }, account))
  const token = await orFailure(() => readStoredToken(storage, account))
  return [
    isFailure(kept) ? undefined : kept?.login.refreshToken,
    isFailure(token) ? undefined : token?.accessToken,
  ].filter((text) => text !== undefined)
}

async function readClient(storage: Storage, account: Account, context: Context): Promise<Client | Failure> {
  const accountSettings = await orFailure(() => readAccountSettings(account, storage, context))
  if (isFailure(accountSettings)) return accountSettings
  return accountSettings?.client ?? unknownHostFailure(account)
}

async function revokeAll({ account: { host }, tokens, client }: Forgotten, context: Context): Promise<void> {
  try {
    if (isFailure(client)) throw client
    if (tokens.length === 0) throw new Failure('no token was found to name it with')
    const network = readNetwork(client.revocationEndpoint, context.env, context.trace)
    for (const token of tokens) await revoke(client, token, network)
    context.write(`${host} confirmed that it has ended them\n`)
  } catch (error) {
    if (!isFailure(error)) throw error
    context.write(`whether ${host} has ended it is not known: ${error.message}\n`)
    if (host === 'bitbucket.org')
      context.write(`to be sure, take the consumer's access back: ${APP_AUTHORIZATIONS_PAGE}\n`)
  }
}
