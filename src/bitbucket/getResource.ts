import { type JsonObject, parseObject } from '../base/json.ts'
import { send } from '../http/http.ts'
import type { Network } from '../http/network.ts'
import type { Product } from './product.ts'

/** Bitbucket's REST interface, asked as the account of the access token. `accessToken` is secret. */
export type Api = {
  /** It ends in a slash. */
  readonly url: URL
  readonly product: Product
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
 * @param path below the URL, with its query: `2.0/user`
 * @throws Failure `unreachable`; any answer of the server is a reply
 */
export async function getResource({ url, accessToken, network }: Omit<Api, 'product'>, path: string): Promise<Reply> {
  const headers = { authorization: `Bearer ${accessToken}`, accept: 'application/json' }
  const { status, body } = await send(new URL(path, url), { method: 'GET', headers }, network)
  return { host: url.host, status, message: parseObject(body), text: body }
}
