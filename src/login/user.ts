import type { Context } from '../base/context.ts'
import { isFailure, orFailure } from '../base/failure.ts'
import { type JsonObject, parseObject } from '../base/json.ts'
import { visible } from '../base/visible.ts'
import { readNetwork } from '../git/network.ts'
import { send } from '../http/http.ts'
import type { AccessToken } from '../tokens/accessToken.ts'

/** The browser waits for its page meanwhile. Seconds. */
const TIME_LIMIT = 5

/** Nobody's name is longer. Characters. */
const LONGEST_NAME = 60

/**
 * Asks the REST interface whose account an access token is for, where the token may ask that.
 *
 * @returns undefined where it does not say
 */
export async function askUser(
  apiUrl: URL | undefined,
  { accessToken, scopes = 'account' }: AccessToken,
  { env, trace }: Context,
): Promise<string | undefined> {
  if (apiUrl === undefined || !/(^|[\s,])account(:write)?([\s,]|$)/.test(scopes)) return undefined
  const headers = { authorization: `Bearer ${accessToken}`, accept: 'application/json' }
  const answer = await orFailure(async () =>
    send(
      new URL('2.0/user', apiUrl),
      { method: 'GET', headers, timeLimit: TIME_LIMIT },
      readNetwork(apiUrl, env, trace),
    ),
  )
  return isFailure(answer) || answer.status !== 200 ? undefined : describeUser(parseObject(answer.body))
}

/** `alice (Alice Liddell)`, safe to show. The username comes first, as anybody may call himself what he likes. */
export function describeUser({ username, display_name: name }: JsonObject = {}): string | undefined {
  const [first, second] = [username, name]
    .map((value) => (typeof value === 'string' ? visible(value).trim().slice(0, LONGEST_NAME) : ''))
    .filter((text, index, texts) => text !== '' && texts.indexOf(text) === index)
  return second === undefined ? first : `${first} (${second})`
}
