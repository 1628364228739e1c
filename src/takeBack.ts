import { spawnSync } from 'node:child_process'
import { formatAttributes } from './git/attributes.ts'
import { listOtherHelpers } from './git/helpers.ts'
import { findProgram } from './programs.ts'
import type { Surroundings } from './surroundings.ts'
import { type Account, accountUrl, defaultAccount } from './tokens/token.ts'

/** Git waits for us meanwhile. Milliseconds. */
const TIME_LIMIT = 5_000

/**
 * Has the helpers that git asks before us forget a token of ours that git has just given them: they do not know when it
 * ends, and would serve it beyond. What somebody else gave them stays.
 *
 * @throws Failure where git's configuration cannot be read
 */
export function takeBack(account: Account, accessToken: string, around: Surroundings): void {
  const { env } = around
  const git = findProgram('git', env)
  const { before } = listOtherHelpers(accountUrl(defaultAccount(account)), env)
  if (git === undefined || before.length === 0) return
  // An empty value first: of all that are configured, none; then those alone.
  const helpers = ['', ...before].flatMap((helper) => ['-c', `credential.helper=${helper}`])
  const { protocol, host } = account
  spawnSync(git, [...helpers, 'credential', 'reject'], {
    input: formatAttributes(Object.entries({ protocol, host, username: 'x-token-auth', password: accessToken })),
    env,
    // What a helper has to say, it has just said.
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: TIME_LIMIT,
    windowsHide: true,
  })
}
