import type { Surroundings } from '../../base/context.ts'
import { inWords } from '../../base/duration.ts'
import { refreshNow } from '../../login/obtain.ts'
import { accountName } from '../../tokens/account.ts'
import { notOurs, readAccount } from '../account.ts'
import type { Arguments } from '../arguments.ts'

/**
 * `refresh`: renews the access token, fresh as it may be.
 *
 * @throws Failure where it could not be renewed; the present one stays
 */
export async function refresh(args: Arguments, around: Surroundings): Promise<void> {
  const account = readAccount(args)
  const token = await refreshNow(account, around)
  if (token === undefined) throw notOurs(account)
  around.write(`the access token for ${accountName(account)} is good for ${inWords(token.expiresAt - around.now())}\n`)
}
