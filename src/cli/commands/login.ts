import type { Context } from '../../base/context.ts'
import { logInAnew } from '../../login/obtain.ts'
import { readLoginAccount, unknownHostFailure } from '../account.ts'
import type { Arguments } from '../arguments.ts'

/**
 * `login`: asks in the browser, whatever is kept already.
 *
 * @throws Failure where the login came to nothing; what was kept is kept
 */
export async function login(args: Arguments, context: Context): Promise<void> {
  const account = readLoginAccount(args)
  if ((await logInAnew(account, context)) === undefined) throw unknownHostFailure(account)
}
