import type { Arguments } from '../arguments.ts'
import { logInAnew } from '../obtain.ts'
import type { Surroundings } from '../surroundings.ts'
import { notOurs, readAccount } from './account.ts'

/**
 * `login`: asks in the browser, whatever is kept already.
 *
 * @throws Failure where the login came to nothing; what was kept is kept
 */
export async function login(args: Arguments, around: Surroundings): Promise<void> {
  const account = readAccount(args)
  if ((await logInAnew(account, around)) === undefined) throw notOurs(account)
}
