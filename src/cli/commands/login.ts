import type { Surroundings } from '../../base/context.ts'
import { logInAnew } from '../../login/obtain.ts'
import { notOurs, readOwner } from '../account.ts'
import type { Arguments } from '../arguments.ts'

/**
 * `login`: asks in the browser, whatever is kept already.
 *
 * @throws Failure where the login came to nothing; what was kept is kept
 */
export async function login(args: Arguments, around: Surroundings): Promise<void> {
  const account = readOwner(args)
  if ((await logInAnew(account, around)) === undefined) throw notOurs(account)
}
