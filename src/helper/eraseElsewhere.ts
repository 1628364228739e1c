import type { Context } from '../base/context.ts'
import { listOtherHelpers } from '../git/otherHelpers.ts'
import { runGit } from '../git/run.ts'
import { accountUrl, defaultAccount, USERNAME } from '../tokens/account.ts'
import { formatAttributes } from './attributes.ts'
import { AMONG_OTHERS, type CredentialRequest } from './credential.ts'

/**
 * Has the helpers that git asks before us forget a token of ours that git has just given them: they do not know when it
 * ends, and would serve it beyond. Only one that answers with that token is told, as an older helper erases whatever it
 * has for the name. What a helper has to say to it, it has just said when it was given the token.
 *
 * @throws Failure where git's configuration cannot be read
 */
export function eraseElsewhere({ account, path }: CredentialRequest, accessToken: string, context: Context): void {
  const { protocol, host } = account
  const asked = Object.entries({ protocol, host, ...(path === undefined ? {} : { path }), username: USERNAME })
  // Nobody is asked but the helper; and where it is ours by another name, it keeps out of this.
  const env = { ...context.env, GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: '', [AMONG_OTHERS]: '1' }
  for (const helper of listOtherHelpers(accountUrl(defaultAccount(account)), context.env).before) {
    // An empty value first: of all that are configured, none; then that one alone.
    const git = ['-c', 'credential.helper=', '-c', `credential.helper=${helper}`, 'credential']
    const { stdout } = runGit([...git, 'fill'], env, formatAttributes(asked))
    if (!stdout.split('\n').includes(`password=${accessToken}`)) continue
    runGit([...git, 'reject'], env, formatAttributes([...asked, ['password', accessToken]]))
  }
}
