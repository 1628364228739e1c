import { type JsonObject, parseObject } from '../base/json.ts'
import { send } from '../http/http.ts'
import type { Network } from '../http/network.ts'

/** Bitbucket's REST interface, asked as the account of the access token. `accessToken` is secret. */
export type Api = {
  readonly url: URL
  readonly accessToken: string
  readonly network: Network
}

/** An answer of the REST interface. */
export type Reply = {
  readonly host: string
  readonly status: number
  /** Undefined where it is not a JSON object. */
  readonly message: JsonObject | undefined
  readonly text: string
}

/**
 * Asks for a resource.
 *
 * @param path with its query, as `/2.0/user`
 * @throws Failure `unreachable`; any answer of the server is a reply
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/intro/
 */
export async function getResource({ url, accessToken, network }: Api, path: string): Promise<Reply> {
  const headers = { authorization: `Bearer ${accessToken}`, accept: 'application/json' }
  const { status, body } = await send(new URL(path, url), { method: 'GET', headers }, network)
  return { host: url.host, status, message: parseObject(body), text: body }
}
