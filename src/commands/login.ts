import { Failure } from '../failure.ts'
import { parseAccount } from './account.ts'
import { logInAnew } from '../obtain.ts'
import type { Surroundings } from '../surroundings.ts'

export type LoginOptions = {
  readonly url: string
  /** For a login of one's own, beside the default account's. */
  readonly username: string | undefined
}

/**
 * `login`: asks in the browser, whatever is kept already.
 *
 * @throws Failure where the login came to nothing; what was kept is kept
 */
export async function login({ url, username }: LoginOptions, around: Surroundings): Promise<void> {
  const account = parseAccount(url, username)
  if ((await logInAnew(account, around)) !== undefined) return
  throw new Failure(`${url} is neither Bitbucket nor a host that is configured`, {
    code: 'not_configured',
    hints: ['git config --show-origin --get-regexp "^credential\\."'],
  })
}
