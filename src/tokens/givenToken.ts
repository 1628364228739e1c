import { BITBUCKET } from '../base/bitbucket.ts'
import { Failure } from '../base/failure.ts'
import { variableName } from '../base/program.ts'
import { readVariable } from '../base/variables.ts'
import type { AccessToken } from './accessToken.ts'
import { type Account, accountUrl, defaultAccount } from './account.ts'

/**
 * The finished access token in `GIT_CREDENTIAL_BITBUCKET_OAUTH_ACCESS_TOKEN`, or in the file that the same name with `_FILE`
 * names. It is answered as it is, before all that is kept: it may be a repository's, a project's or a workspace's access
 * token too, which take the same username. The variable names no host, so it holds for Bitbucket alone.
 *
 * @throws Failure `not_configured` where the file cannot be read
 */
export function findGivenToken(account: Account, env: NodeJS.ProcessEnv): AccessToken | undefined {
  if (accountUrl(defaultAccount(account)) !== BITBUCKET) return undefined
  const accessToken = readVariable(env, 'ACCESS_TOKEN')
  if (accessToken === undefined) return undefined
  return { accessToken, id: 'given', grantType: 'given', ...LASTING, isBearer: false, heals: false, isShadowed: false }
}

/** Nothing tells how long it is good, nor what it may do. */
const LASTING = { obtainedAt: 0, expiresAt: Infinity, scopes: undefined }

/** Where a given token comes from, for a message. */
export const GIVEN_BY = variableName('ACCESS_TOKEN')

/** For one that the server has refused. */
export function refusedGivenFailure({ host }: Account): Failure {
  return new Failure(`${host} refuses the access token in ${GIVEN_BY}`, {
    hints: [
      'see whether it has expired or was revoked, and whether it may read that repository, or write to it for a push',
    ],
  })
}
