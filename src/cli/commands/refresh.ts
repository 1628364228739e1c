import type { Context } from '../../base/context.ts'
import { formatDuration } from '../../base/duration.ts'
import { refreshNow } from '../../login/obtain.ts'
import { accountName } from '../../tokens/account.ts'
import { readAccount, requireKnown } from '../account.ts'
import type { Arguments } from '../arguments.ts'

/** `refresh`: renews the access token, even one that is still fresh. Where that fails, the present one stays. */
export async function refresh(args: Arguments, context: Context): Promise<void> {
  const account = readAccount(args, context.env)
  const { expiresAt } = requireKnown(account, await refreshNow(account, context))
  context.write(
    `the access token for ${accountName(account)} is good for ${formatDuration(expiresAt - context.now())}\n`,
  )
}
