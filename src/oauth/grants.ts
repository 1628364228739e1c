import * as oauth from 'oauth4webapi'
import { Failure } from '../base/failure.ts'
import { type JsonObject, parseObject } from '../base/json.ts'
import { COMMAND } from '../base/program.ts'
import type { Answer } from '../http/http.ts'
import type { Network } from '../http/network.ts'
import { sendWhenReady } from '../http/retry.ts'
import { type Client, clientAuthentication } from './client.ts'
import { isTokenErrorCode, mayRefuseClient } from './errorCodes.ts'

/** The token endpoint's answer (RFC 6749, section 5.1). `accessToken` and `refreshToken` are secret. */
export type TokenResponse = {
  /** Undefined where the server sent a refresh token alone: once that is saved, {@link noAccessTokenFailure} says so. */
  readonly accessToken: string | undefined
  /** In seconds from now. */
  readonly expiresIn: number
  /** Undefined where the server issued none. A refresh token that was sent for this answer then stays good. */
  readonly refreshToken: string | undefined
  /** What the token may do, separated by blanks; undefined where the server does not say. */
  readonly scopes: string | undefined
  /** The server's time, in seconds since 1970; undefined where it does not say. */
  readonly serverTime: number | undefined
}

/** An authorization request. `state` and `codeVerifier` leave the process in it, and in no other way. */
export type Authorization = {
  /** For the user's browser. */
  readonly url: URL
  readonly redirectUri: string
  readonly state: string
  readonly codeVerifier: string
}

/** Bitbucket's lifetime, for a server that names none (RFC 6749 only recommends `expires_in`). Seconds. */
const USUAL_LIFETIME = 7200

/** A longer lifetime than a year is not believed. Seconds. */
const LONGEST_LIFETIME = 366 * 24 * 3600

/**
 * Begins an authorization code grant (RFC 6749, section 4.1.1) with PKCE (RFC 7636, S256).
 *
 * @param redirectUri the client's own, but with the port of the listener where the system chose it
 */
export async function startAuthorization(client: Client, redirectUri: string): Promise<Authorization> {
  const state = oauth.generateRandomState()
  const codeVerifier = oauth.generateRandomCodeVerifier()
  const url = new URL(client.authorizationEndpoint)
  url.searchParams.set('client_id', client.clientId)
  url.searchParams.set('response_type', 'code')
  url.searchParams.set('redirect_uri', redirectUri)
  url.searchParams.set('state', state)
  url.searchParams.set('code_challenge', await oauth.calculatePKCECodeChallenge(codeVerifier))
  url.searchParams.set('code_challenge_method', 'S256')
  if (client.scope !== undefined) url.searchParams.set('scope', client.scope)
  return { url, redirectUri, state, codeVerifier }
}

/**
 * Exchanges the code in an authorization response (RFC 6749, sections 4.1.2 and 4.1.3).
 *
 * @throws Failure whose code is the server's own word (`access_denied`, `invalid_grant`, …) or `unreachable`
 */
export async function exchangeCode(
  client: Client,
  authorization: Authorization,
  response: URLSearchParams,
  network: Network,
): Promise<TokenResponse> {
  const { server, self, authenticate } = describe(client)
  const parameters = validateResponse(server, self, authorization, response)
  const { redirectUri, codeVerifier } = authorization
  return readTokenResponse(network, async (options) => {
    const answer = await oauth.authorizationCodeGrantRequest(
      server,
      self,
      authenticate,
      parameters,
      redirectUri,
      codeVerifier,
      options,
    )
    return oauth.processAuthorizationCodeResponse(server, self, answer)
  })
}

/**
 * Renews an access token (RFC 6749, section 6). Bitbucket may answer with another refresh token, and the one that was
 * sent is dead from then on.
 *
 * @throws Failure as {@link exchangeCode} does; {@link mayRefuseRefreshToken} tells whether it may mean the refresh token
 */
export async function refreshAccessToken(
  client: Client,
  refreshToken: string,
  network: Network,
): Promise<TokenResponse> {
  const { server, self, authenticate } = describe(client)
  return readTokenResponse(network, async (options) => {
    const answer = await oauth.refreshTokenGrantRequest(server, self, authenticate, refreshToken, options)
    return oauth.processRefreshTokenResponse(server, self, answer)
  })
}

/**
 * A token of the client's own: nobody logs in (RFC 6749, section 4.4). There is no refresh token: the key and secret bring the
 * next one as well.
 *
 * @throws Failure as {@link exchangeCode} does
 */
export async function requestClientToken(client: Client, network: Network): Promise<TokenResponse> {
  const { server, self, authenticate } = describe(client)
  const parameters = new URLSearchParams(client.scope === undefined ? {} : { scope: client.scope })
  return readTokenResponse(network, async (options) => {
    const answer = await oauth.clientCredentialsGrantRequest(server, self, authenticate, parameters, options)
    return oauth.processClientCredentialsResponse(server, self, answer)
  })
}

/** The server and the client, in the library's terms. */
function describe(client: Client): {
  server: oauth.AuthorizationServer
  self: oauth.Client
  authenticate: oauth.ClientAuth
} {
  return {
    server: { issuer: client.issuer, token_endpoint: client.tokenEndpoint.href },
    self: { client_id: client.clientId },
    authenticate: (_server, _client, body, headers) => {
      const authentication = clientAuthentication(client)
      for (const [name, value] of Object.entries(authentication.headers)) headers.set(name, value)
      for (const [name, value] of Object.entries(authentication.form)) body.set(name, value)
    },
  }
}

function validateResponse(
  server: oauth.AuthorizationServer,
  self: oauth.Client,
  { state }: Authorization,
  response: URLSearchParams,
): URLSearchParams {
  // The library would send an empty code to the token endpoint.
  if (response.get('code') === '') throw foreignResponseFailure()
  try {
    return oauth.validateAuthResponse(server, self, response, state)
  } catch (error) {
    if (!(error instanceof oauth.AuthorizationResponseError)) throw foreignResponseFailure(error)
    if (error.error === 'access_denied') {
      throw new Failure('access was denied in the browser, so there is no token', { code: 'access_denied' })
    }
    const reason = describeError(error.error, error.error_description)
    throw new Failure(`the login was refused: ${reason}`, { code: 'login_failed' })
  }
}

function foreignResponseFailure(cause?: unknown): Failure {
  return new Failure('the browser came back with an answer that does not belong to this login', {
    hints: ['to try again, run the command once more'],
    cause,
  })
}

/** The library sends with our own HTTP, and sees answers without Bitbucket's oddities. The rest of them goes beside it. */
async function readTokenResponse(
  network: Network,
  request: (options: oauth.TokenEndpointRequestOptions) => Promise<oauth.TokenEndpointResponse>,
): Promise<TokenResponse> {
  let serverTime: number | undefined
  let scopes: string | undefined
  let refreshTokenAlone: string | undefined
  const options: oauth.TokenEndpointRequestOptions = {
    // client.ts takes plain http for this machine alone.
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: async (href, { method, headers, body }) => {
      const url = new URL(href)
      const answer = await sendWhenReady(url, { method, headers, body: body.toString() }, network)
      serverTime = readServerTime(answer)
      const received = parseObject(answer.body)
      if (answer.status < 200 || answer.status > 299) throw refusalFailure(url, answer.status, received)
      const known = keepKnownMembers(received ?? {})
      if (known.access_token === undefined) {
        refreshTokenAlone = known.refresh_token
        throw noAccessTokenFailure(url)
      }
      scopes = readScopes(received ?? {})
      return Response.json(known)
    },
  }
  try {
    const message = await request(options)
    return {
      accessToken: message.access_token,
      expiresIn: message.expires_in ?? USUAL_LIFETIME,
      refreshToken: message.refresh_token,
      scopes,
      serverTime,
    }
  } catch (error) {
    if (refreshTokenAlone === undefined) throw error
    return { accessToken: undefined, expiresIn: 0, refreshToken: refreshTokenAlone, scopes, serverTime }
  }
}

/** Seconds since 1970 (RFC 9110, section 6.6.1, Date); undefined where the server does not say. */
export function readServerTime({ headers }: Answer): number | undefined {
  const date = Date.parse(headers['date'] ?? '')
  return Number.isNaN(date) ? undefined : date / 1000
}

/**
 * A token response with the members that we need. The library might reject another one, and the refresh token exists
 * only once: it must not be lost to an oddity beside it.
 */
function keepKnownMembers({ access_token, refresh_token, expires_in }: JsonObject): {
  access_token?: string
  token_type: 'bearer'
  expires_in: number
  refresh_token?: string
} {
  const lifetime = Number(expires_in)
  return {
    ...(isToken(access_token) ? { access_token } : {}),
    token_type: 'bearer',
    expires_in: lifetime > 0 && lifetime < LONGEST_LIFETIME ? lifetime : USUAL_LIFETIME,
    ...(isToken(refresh_token) ? { refresh_token } : {}),
  }
}

/** RFC 6749 says `scope`. Bitbucket said `scopes` for long, and may still say so. */
function readScopes({ scope, scopes }: JsonObject): string | undefined {
  return [scope, scopes].find((said) => typeof said === 'string')
}

/** RFC 6749, appendix A.12 and A.17, allows tokens all visible characters and the blank. */
function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\u0020-\u007E]+$/.test(value)
}

/**
 * What an answer other than 2xx means. Only an OAuth error in a 400 or 401 comes from the token endpoint itself. A
 * gateway's 401, 429, 5xx and HTML are passing trouble.
 */
function refusalFailure(url: URL, status: number, message: JsonObject | undefined): Failure {
  const error = message?.['error']
  if (!isTokenErrorCode(error) || (status !== 400 && status !== 401)) {
    return unusableAnswerFailure(url, `HTTP ${status}`)
  }
  const reason = describeError(error, message?.['error_description'])
  // Bitbucket's words: no code tells this one.
  if (/marked as "?public/i.test(reason)) {
    return new Failure(
      `refused by ${url.host}: the consumer is public, and only a private one gets a token of its own`,
      {
        code: error,
        hints: ['edit the consumer, tick "This is a private consumer", and save'],
      },
    )
  }
  const hints = mayRefuseClient(error) ? [CHECK_CONSUMER] : error === 'invalid_request' ? [CHECK_CALLBACK] : []
  return new Failure(`refused by ${url.host}: ${reason}`, { code: error, hints })
}

const CHECK_CONSUMER =
  "check oauthClientId and oauthClientSecret against the consumer's key and secret; " +
  `for Bitbucket, ${COMMAND} setup asks for both anew`

const CHECK_CALLBACK = 'check that the consumer has a callback URL, and that it is the one that oauthRedirectURL names'

/** For an answer of 2xx without an access token. */
export function noAccessTokenFailure(url: URL): Failure {
  return unusableAnswerFailure(url, 'no access token')
}

function unusableAnswerFailure({ host }: URL, what: string): Failure {
  const status = host === 'bitbucket.org' ? ', or look at https://bitbucket.status.atlassian.com' : ''
  const hints = [`try again in a while${status}`]
  return new Failure(`${host} gave no usable answer (${what})`, { code: 'unreachable', hints })
}

function describeError(error: string, description: unknown): string {
  return typeof description === 'string' && description !== '' ? `${description.replace(/\.$/, '')} (${error})` : error
}
