import { Failure } from '../base/failure.ts'
import { send } from '../http/http.ts'
import type { Network } from '../http/network.ts'
import { type Client, clientAuthentication } from './client.ts'

/** The server confirms a token that it does not know, too (RFC 7009, section 2.2). */
const CONFIRMED = 200

/**
 * Asks the server to revoke a token (RFC 7009, section 2.1). With a refresh token it may revoke all tokens of the same
 * login. Bitbucket has such an endpoint, but does not document it, so no promise of ours depends on it.
 *
 * @throws Failure `unconfirmed` where the server does not confirm
 */
export async function revoke(client: Client, token: string, network: Network): Promise<void> {
  const { revocationEndpoint } = client
  const authentication = clientAuthentication(client)
  const headers = { ...authentication.headers, 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ token, ...authentication.form }).toString()
  const { status } = await send(revocationEndpoint, { method: 'POST', headers, body }, network)
  if (status !== CONFIRMED) {
    throw new Failure(`${revocationEndpoint.host} did not confirm it (HTTP ${status})`, { code: 'unconfirmed' })
  }
}
