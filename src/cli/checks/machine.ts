import type { Context } from '../../base/context.ts'
import { isFailure, orFailure, orUndefined } from '../../base/failure.ts'
import { readSettings } from '../../git/config.ts'
import { requestOwnToken } from '../../login/ownToken.ts'
import type { AccountSettings } from '../../login/settings.ts'
import { type Grant, readGrant } from '../../oauth/client.ts'
import type { AccessToken } from '../../tokens/accessToken.ts'
import { type Account, accountUrl, defaultAccount } from '../../tokens/account.ts'
import { findGivenToken, GIVEN_BY } from '../../tokens/givenToken.ts'
import { faultOf, type Finding, good } from './finding.ts'

/** Whether the environment gives a finished access token, which makes a consumer and a login needless. */
export function checkGiven(account: Account, env: NodeJS.ProcessEnv): Finding | undefined {
  try {
    return (
      findGivenToken(account, env) && good('login', `none is needed: git is answered with the token in ${GIVEN_BY}`)
    )
  } catch (error) {
    if (!isFailure(error)) throw error
    return faultOf('login', error)
  }
}

/** How an account's tokens are obtained; by a login where that cannot be told. */
export function findGrant(account: Account, env: NodeJS.ProcessEnv): Grant {
  const url = accountUrl(defaultAccount(account))
  const grant = orUndefined(() => readGrant(url, readSettings('credential', accountUrl(account), env), env))
  return grant ?? 'authorization_code'
}

/** Asks the server for a token of the consumer's own, which is all that git's next command would do. */
export async function checkOwnToken(
  { client, answerForm }: AccountSettings,
  context: Context,
): Promise<{ readonly finding: Finding; readonly token?: AccessToken }> {
  const token = await orFailure(() => requestOwnToken(client, answerForm, context))
  if (isFailure(token)) return { finding: faultOf('server', token) }
  return {
    finding: good('server', `${client.tokenEndpoint.host} answers, and gives the consumer a token of its own`),
    token,
  }
}
