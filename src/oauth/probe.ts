import { parseObject } from '../base/json.ts'
import { type Answer, send } from '../http/http.ts'
import type { Network } from '../http/network.ts'
import { type Client, clientAuthentication } from './client.ts'
import { readServerTime, startAuthorization } from './grants.ts'

/** What the server thinks of a client. */
export type Verdict = 'good' | 'refused' | 'without callback' | 'other callback' | 'unclear'

export type Probe = {
  readonly verdict: Verdict
  /** Of the token endpoint's answer. */
  readonly status: number
  /** The server's clock, in seconds since 1970. */
  readonly serverTime: number | undefined
}

/**
 * Asks the token endpoint about a client, and changes nothing there. For a code that was never issued, it refuses the
 * client, or else the code. {@link probeRedirectUri} asks for the rest.
 *
 * @throws Failure `unreachable`
 */
export async function probeClient(client: Client, network: Network): Promise<Probe> {
  const { tokenEndpoint, redirectUri } = client
  const authentication = clientAuthentication(client)
  const form = { grant_type: 'authorization_code', code: 'no-code', redirect_uri: redirectUri, ...authentication.form }
  const headers = { ...authentication.headers, 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams(form).toString()
  const answer = await send(tokenEndpoint, { method: 'POST', headers, body }, network)
  return { verdict: judge(answer), status: answer.status, serverTime: readServerTime(answer) }
}

function judge({ status, body }: Answer): Verdict {
  const message = parseObject(body)
  const error = message?.['error']
  if (status !== 400 && status !== 401) return 'unclear'
  if (error === 'invalid_grant') return 'good'
  if (error === 'unauthorized_client' || error === 'invalid_client') return 'refused'
  // The code stands for every wrong request; only Bitbucket's words tell this one.
  const isOfCallback = error === 'invalid_request' && /callback/i.test(String(message?.['error_description']))
  return isOfCallback ? 'without callback' : 'unclear'
}

/**
 * Asks the authorization endpoint about the redirect URI of a good client. Its page tells whether it refuses that. A server
 * that has people log in first does not say.
 *
 * @throws Failure `unreachable`
 */
export async function probeRedirectUri(client: Client, network: Network): Promise<'good' | 'other callback'> {
  const { url } = await startAuthorization(client, client.redirectUri)
  const { status, body } = await send(url, { method: 'GET', headers: { accept: 'text/html' } }, network)
  return status >= 400 && status < 500 && /redirect.?uri|callback/i.test(body) ? 'other callback' : 'good'
}
