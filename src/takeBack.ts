import { USERNAME } from './credential.ts'
import { formatAttributes } from './git/attributes.ts'
import { listOtherHelpers } from './git/helpers.ts'
import { runGit } from './git/run.ts'
import type { Surroundings } from './surroundings.ts'
import { type Account, accountUrl, defaultAccount } from './tokens/token.ts'

/**
 * Has the helpers that git asks before us forget a token of ours that git has just given them: they do not know when it
 * ends, and would serve it beyond. What somebody else gave them stays. What a helper has to say to it, it has just said
 * when it was given the token.
 *
 * @throws Failure where git's configuration cannot be read
 */
export function takeBack(account: Account, accessToken: string, { env }: Surroundings): void {
  const { before } = listOtherHelpers(accountUrl(defaultAccount(account)), env)
  if (before.length === 0) return
  // An empty value first: of all that are configured, none; then those alone.
  const helpers = ['', ...before].flatMap((helper) => ['-c', `credential.helper=${helper}`])
  const { protocol, host } = account
  const told = { protocol, host, username: USERNAME, password: accessToken }
  runGit([...helpers, 'credential', 'reject'], env, formatAttributes(Object.entries(told)))
}
