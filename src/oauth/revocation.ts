import { Failure } from '../base/failure.ts'
import { type Network, send } from '../http/http.ts'
import { type Client, clientAuthorization } from './client.ts'

/** What a server does not know it has to confirm as well (RFC 7009, section 2.2). */
const CONFIRMED = 200

/**
 * Asks the server to end a token (RFC 7009, section 2.1). With a refresh token it may end all that came of the same
 * login. Bitbucket has such an endpoint, but does not document it: no promise of ours rests on it.
 *
 * @throws Failure where the server did not confirm
 */
export async function revoke(client: Client, token: string, network: Network): Promise<void> {
  const { revocationEndpoint } = client
  const headers = { authorization: clientAuthorization(client), 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ token }).toString()
  const { status } = await send(revocationEndpoint, { method: 'POST', headers, body }, network)
  if (status !== CONFIRMED) {
    throw new Failure(`${revocationEndpoint.host} did not confirm it (HTTP ${status})`, { code: 'unconfirmed' })
  }
}
