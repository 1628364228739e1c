import type { Surroundings } from '../../base/context.ts'
import { Failure } from '../../base/failure.ts'
import { loginCommand } from '../../login/loginCommand.ts'
import { obtainToken } from '../../login/obtain.ts'
import { type AccessToken, isFresh } from '../../tokens/accessToken.ts'
import { type Account, accountName } from '../../tokens/account.ts'
import { findAccessToken } from '../../tokens/cache.ts'
import { answeringAccount, hasRecord } from '../../tokens/recordFile.ts'
import { openPlaces } from '../../tokens/storage.ts'
import { readStoredToken } from '../../tokens/storedAccessToken.ts'
import { notOurs, readAccount } from '../account.ts'
import type { Arguments } from '../arguments.ts'

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
  const places = await openPlaces(around)
  try {
    const answering = answeringAccount(places.data, account)
    const cached = findAccessToken(places.runtime, account) ?? (await readStoredToken(places, answering))
    if (cached !== undefined && isFresh(cached, around.now())) return cached
    const hasLogin = hasRecord(places.data, answering)
    throw new Failure(`no valid access token for ${accountName(account)} is cached`, {
      code: 'login_required',
      hints: [hasLogin ? 'to renew it, leave out --no-refresh' : `to log in: ${loginCommand(account)}`],
    })
  } finally {
    places.keyring.close()
  }
}

async function obtain(account: Account, around: Surroundings): Promise<AccessToken> {
  const obtained = await obtainToken(account, around, undefined)
  if (obtained === undefined) throw notOurs(account)
  return obtained.token
}
