import type { Context } from '../../base/context.ts'
import { formatDuration } from '../../base/duration.ts'
import { refreshNow } from '../../login/obtain.ts'
import { accountName } from '../../tokens/account.ts'
import { readAccount, unknownHostFailure } from '../account.ts'
import type { Arguments } from '../arguments.ts'

/**
 * `refresh`: renews the access token, even one that is still fresh.
 *
 * @throws Failure where it could not be renewed; the present one stays
 */
export async function refresh(args: Arguments, context: Context): Promise<void> {
  const account = readAccount(args)
  const token = await refreshNow(account, context)
  if (token === undefined) throw unknownHostFailure(account)
  context.write(
    `the access token for ${accountName(account)} is good for ${formatDuration(token.expiresAt - context.now())}\n`,
  )
}
