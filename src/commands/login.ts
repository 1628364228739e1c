import type { Arguments } from '../arguments.ts'
import { Failure } from '../failure.ts'
import { readAccount } from './account.ts'
import { logInAnew } from '../obtain.ts'
import type { Surroundings } from '../surroundings.ts'
import { accountUrl } from '../tokens/token.ts'

/**
 * `login`: asks in the browser, whatever is kept already.
 *
 * @throws Failure where the login came to nothing; what was kept is kept
 */
export async function login(args: Arguments, around: Surroundings): Promise<void> {
  const account = readAccount(args)
  if ((await logInAnew(account, around)) !== undefined) return
  throw new Failure(`${accountUrl(account)} is neither Bitbucket nor a host that is configured`, {
    code: 'not_configured',
    hints: ['git config --show-origin --get-regexp "^credential\\."'],
  })
}
