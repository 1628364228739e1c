import type { Surroundings } from '../../base/context.ts'
import { Failure, isFailure, orFailure } from '../../base/failure.ts'
import { readNetwork } from '../../git/network.ts'
import { forgetLogin, listKept } from '../../login/forget.ts'
import { prepareErrand } from '../../login/settings.ts'
import type { Client } from '../../oauth/client.ts'
import { revoke } from '../../oauth/revocation.ts'
import { type Account, accountName } from '../../tokens/account.ts'
import { type Places, readLogin } from '../../tokens/readLogin.ts'
import { readStoredToken } from '../../tokens/storedAccessToken.ts'
import { notOurs, readOwner } from '../account.ts'
import type { Arguments } from '../arguments.ts'
import { forgetConsumer, tellOfConsumer } from './logout/forgetConsumer.ts'

/** Where a user takes back by hand what a consumer was allowed. */
const APP_AUTHORIZATIONS = 'https://bitbucket.org/account/settings/app-authorizations/'

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
export async function logout(args: Arguments, around: Surroundings): Promise<void> {
  const wanted = readOwner(args)
  const forgotten: Forgotten[] = []
  await forgetLogin(wanted, around, wanted.username === undefined ? 'all' : 'own', async (places, account) => {
    forgotten.push({
      account,
      tokens: await readTokens(places, account),
      client: await readClient(places, account, around),
    })
  })
  const left = listKept(wanted, {
    data: await around.findDataDirectory(),
    runtime: await around.findRuntimeDirectory(),
  })
  if (forgotten.length === 0) {
    const others = left.length === 0 ? '' : `; kept are: ${left.map(accountName).join(', ')}`
    around.write(`no login to ${accountName(wanted)} is kept${others}\n`)
  }
  for (const each of forgotten) {
    around.write(`logged out of ${accountName(each.account)}: no token is kept here any more\n`)
    await revokeAll(each, around)
  }
  // Last: the server takes a token's end only from the consumer.
  if (args.has('consumer')) {
    const accounts = forgotten.map(({ account }) => account)
    await forgetConsumer(wanted, accounts, around)
  } else {
    await tellOfConsumer(wanted, around)
  }
}

/** The refresh token before the access token: with it the server may end both. */
async function readTokens(places: Places, account: Account): Promise<string[]> {
  // What cannot be read cannot be revoked; whether it can be forgotten shows in a moment.
  const kept = await orFailure(() => readLogin({ ...places, choice: 'auto' }, account))
  const token = await orFailure(() => readStoredToken(places, account))
  return [
    isFailure(kept) ? undefined : kept?.login.refreshToken,
    isFailure(token) ? undefined : token?.accessToken,
  ].filter((text) => text !== undefined)
}

async function readClient(places: Places, account: Account, around: Surroundings): Promise<Client | Failure> {
  const errand = await orFailure(() => prepareErrand(account, places, around))
  if (isFailure(errand)) return errand
  return errand?.client ?? notOurs(account)
}

async function revokeAll({ account: { host }, tokens, client }: Forgotten, around: Surroundings): Promise<void> {
  try {
    if (isFailure(client)) throw client
    if (tokens.length === 0) throw new Failure('no token was found to name it with')
    const network = readNetwork(client.revocationEndpoint, around.env, around.trace)
    for (const token of tokens) await revoke(client, token, network)
    around.write(`${host} confirmed that it has ended them\n`)
  } catch (error) {
    if (!isFailure(error)) throw error
    around.write(`whether ${host} has ended it is not known: ${error.message}\n`)
    if (host === 'bitbucket.org') around.write(`to be sure, take the consumer's access back: ${APP_AUTHORIZATIONS}\n`)
  }
}
