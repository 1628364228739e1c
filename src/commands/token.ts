import type { Arguments } from '../arguments.ts'
import { Failure } from '../failure.ts'
import { loginCommand } from '../loginCommand.ts'
import { obtainToken } from '../obtain.ts'
import type { Surroundings } from '../surroundings.ts'
import { findAccessToken } from '../tokens/cache.ts'
import { type AccessToken, type Account, accountName, isFresh } from '../tokens/token.ts'
import { notOurs, readAccount } from './account.ts'

/**
 * `token`: prints a valid access token, and after it, if asked for, when it ends.
 *
 * @throws Failure where there is none to be had
 */
export async function token(args: Arguments, around: Surroundings): Promise<void> {
  const account = readAccount(args)
  const { accessToken, expiresAt } = args.has('no-refresh')
    ? await findCached(account, around)
    : await obtain(account, around)
  around.write(`${accessToken}\n${args.has('expiry') ? `${expiresAt}\n` : ''}`)
}

async function findCached(account: Account, around: Surroundings): Promise<AccessToken> {
  const cached = findAccessToken(await around.findRuntimeDirectory(), account)
  if (cached !== undefined && isFresh(cached, around.now())) return cached
  throw new Failure(`no valid access token for ${accountName(account)} is cached`, {
    code: 'login_required',
    hints: ['to renew it, leave out --no-refresh', `to log in: ${loginCommand(account)}`],
  })
}

async function obtain(account: Account, around: Surroundings): Promise<AccessToken> {
  const obtained = await obtainToken(account, around, undefined)
  if (obtained === undefined) throw notOurs(account)
  return obtained.token
}
