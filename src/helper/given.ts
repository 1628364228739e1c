import { variableName } from '../base/program.ts'
import type { AccessToken } from '../tokens/accessToken.ts'
import type { Account } from '../tokens/account.ts'

const VARIABLE = variableName('ACCESS_TOKEN')

/** The finished token that the environment gives, as `findGivenToken` finds it. The cached path only sees that there is none. */
export async function findGiven(account: Account, env: NodeJS.ProcessEnv): Promise<AccessToken | undefined> {
  if (!env[VARIABLE] && !env[`${VARIABLE}_FILE`]) return undefined
  const { findGivenToken } = await import('../tokens/givenToken.ts')
  return findGivenToken(account, env)
}

/** @throws Failure where the server has refused it: nothing here can bring another */
export async function assertNotGiven(account: Account, accessToken: string, env: NodeJS.ProcessEnv): Promise<void> {
  if ((await findGiven(account, env))?.accessToken !== accessToken) return
  const { refusedGivenFailure } = await import('../tokens/givenToken.ts')
  throw refusedGivenFailure(account)
}
