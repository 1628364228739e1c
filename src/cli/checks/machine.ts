import type { Context } from '../../base/context.ts'
import { isFailure, orFailure } from '../../base/failure.ts'
import { requestOwnToken } from '../../login/ownToken.ts'
import type { AccountSettings } from '../../login/settings.ts'
import type { AccessToken } from '../../tokens/accessToken.ts'
import type { Account } from '../../tokens/account.ts'
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
