import { APP_AUTHORIZATIONS_PAGE } from '../../base/bitbucket.ts'
import type { Context } from '../../base/context.ts'
import { Failure, isFailure, orFailure } from '../../base/failure.ts'
import { readNetwork } from '../../git/network.ts'
import { forgetLogin, listKeptAccounts } from '../../login/forget.ts'
import { readAccountSettings } from '../../login/settings.ts'
import type { Client } from '../../oauth/client.ts'
import { revoke } from '../../oauth/revocation.ts'
import { type Account, accountName } from '../../tokens/account.ts'
import { readUser } from '../../tokens/notes.ts'
import { readLogin } from '../../tokens/readLogin.ts'
import type { Storage } from '../../tokens/storage.ts'
import { readStoredToken } from '../../tokens/storedAccessToken.ts'
import { readLoginAccount, unknownHostFailure } from '../account.ts'
import type { Arguments } from '../arguments.ts'
import { forgetConsumer, tellOfConsumer } from './logout/forgetConsumer.ts'

/** The tokens of an account that was logged out, and the client that may revoke them. Secret. */
type Forgotten = {
  readonly account: Account
  readonly user: string | undefined
  readonly tokens: readonly string[]
  readonly client: Client | Failure
}

/** `logout`: forgets logins here, and then asks the server to revoke them. For a wrong name, forgets nothing. */
export async function logout(args: Arguments, context: Context): Promise<void> {
  const wanted = readLoginAccount(args, context.env)
  const forgotten: Forgotten[] = []
  await forgetLogin(wanted, context, wanted.username === undefined ? 'all' : 'own', async (storage, account) => {
    forgotten.push({
      account,
      user: readUser(storage.data, account),
      tokens: await readTokens(storage, account),
      client: await readClient(storage, account, context),
    })
  })
  const data = await context.findDataDirectory()
  const left = listKeptAccounts(wanted, { data, runtime: await context.findRuntimeDirectory() })
  if (forgotten.length === 0) {
    const names = left.map((account) => accountName(account, readUser(data, account)))
    const others = left.length === 0 ? '' : `; there are logins to: ${names.join(', ')}`
    context.write(`no login to ${accountName(wanted)} is kept${others}\n`)
  }
  for (const each of forgotten) {
    context.write(`logged out of ${accountName(each.account, each.user)}: no token is kept here any more\n`)
    await revokeAll(each, context)
  }
  // Last, as revoking takes the consumer's secret.
  if (args.has('consumer')) {
    const accounts = forgotten.map(({ account }) => account)
    await forgetConsumer(wanted, accounts, context)
  } else {
    await tellOfConsumer(wanted, context)
  }
}

/** The refresh token comes first: with it, the server may revoke both. */
async function readTokens(storage: Storage, account: Account): Promise<string[]> {
  // A token that cannot be read is not revoked. Forgetting it fails later, where it has to.
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
    if (tokens.length === 0) throw new Failure('no token was found to send to it')
    const network = readNetwork(client.revocationEndpoint, context.env, context.trace)
    for (const token of tokens) await revoke(client, token, network)
    context.write(`${host} confirmed that it has revoked the tokens\n`)
  } catch (error) {
    if (!isFailure(error)) throw error
    context.write(`it is not known whether ${host} has revoked the login: ${error.message}\n`)
    if (host === 'bitbucket.org')
      context.write(`to be sure, revoke the consumer's access: ${APP_AUTHORIZATIONS_PAGE}\n`)
  }
}
