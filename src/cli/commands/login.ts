import type { Context } from '../../base/context.ts'
import { logInOnRequest } from '../../login/obtain.ts'
import { readLoginAccount, requireKnown } from '../account.ts'
import type { Arguments } from '../arguments.ts'

/** `login`: logs in with the browser, even where a login is kept. Where that fails, the present one stays. */
export async function login(args: Arguments, context: Context): Promise<void> {
  const account = readLoginAccount(args, context.env)
  requireKnown(account, await logInOnRequest(account, context))
}
