import type { Context } from '../base/context.ts'
import { listOtherHelpers } from '../git/otherHelpers.ts'
import { runGit } from '../git/run.ts'
import { accountUrl, defaultAccount, USERNAME } from '../tokens/account.ts'
import { formatAttributes } from './attributes.ts'
import { ASKED_BY_US, type CredentialRequest } from './credential.ts'

/**
 * Makes the helpers that git asks before us forget our token, which git has just given them: they would answer with it
 * after its end. Only a helper that answers with that token is told to erase it, because an older helper erases whatever
 * it has for the username. Its stderr is dropped: it has just had its say when it was given the token.
 *
 * @throws Failure where git's configuration cannot be read
 */
export function eraseElsewhere({ account, path }: CredentialRequest, accessToken: string, context: Context): void {
  const { protocol, host } = account
  const asked = Object.entries({ protocol, host, ...(path === undefined ? {} : { path }), username: USERNAME })
  // Only the helper is asked, and no person. Where it is this program under another name, it answers nothing.
  const quiet = { GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', [ASKED_BY_US]: '1' }
  for (const helper of listOtherHelpers(accountUrl(defaultAccount(account)), context.env).before) {
    // The empty value drops all configured helpers, so that git asks this one alone.
    const git = ['-c', 'credential.helper=', '-c', `credential.helper=${helper}`, 'credential']
    const { stdout } = runGit([...git, 'fill'], context.env, formatAttributes(asked), quiet)
    if (!stdout.split('\n').includes(`password=${accessToken}`)) continue
    runGit([...git, 'reject'], context.env, formatAttributes([...asked, ['password', accessToken]]), quiet)
  }
}
