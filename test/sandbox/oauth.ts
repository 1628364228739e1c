import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Configuration, type OIDCContext, Provider } from 'oidc-provider'
import { consentPage, errorPage, loginPage } from './pages.ts'
import { Storage } from './storage.ts'

/** What the tests turn and read. */
export type OAuthSettings = {
  /** Bitbucket's rule since May 2026: each refresh token is good once. */
  rotation: boolean
  /** Seconds. */
  accessTokenLifetime: number
  /** What is ticked for the consumer. */
  scopes: readonly string[]
  /** What the token endpoint answers instead of its own answer; undefined: its own. */
  fault: { status: number; type: string; body: string; headers?: Readonly<Record<string, string>> } | undefined
  /** Whether the token endpoint leaves the access token out of an answer that has a refresh token. */
  refreshTokenAlone: boolean
  /** By so much the token endpoint's clock goes ahead of this machine's. Seconds. */
  ahead: number
  /** Waits before the token endpoint answers, when it has done what it was asked. Milliseconds. */
  delay: number
  /** In characters, one of them a byte. Bitbucket's regularly exceed 2,500. */
  tokenLength: number
  /** Undocumented by Bitbucket: one day it may not be there. */
  revocation: 'works' | 'absent'
  /** Whether the consumer has its callback URL. */
  callback: 'set' | 'empty'
  /** Whether "This is a private consumer" is ticked. */
  kind: 'private' | 'public'
}

export type TokenRequest = { readonly grantType: string; readonly status: number }

/** What was asked to be revoked, and how that was answered; `unknown` for what is no good token. */
export type Revocation = {
  readonly token: 'access_token' | 'refresh_token' | 'unknown'
  readonly hint: string
  readonly status: number
}

type Context = Parameters<Parameters<Provider['use']>[0]>[0]

/** The OAuth consumer that the sandbox knows. Its callback URL can be edited. */
export type Consumer = { readonly key: string; readonly secret: string; callback: string }

/** The one user of the sandbox. */
export const USER = { name: 'alice', password: 'sandbox' }

/** The library wants one, though nothing that Bitbucket issues is signed. */
const SIGNING_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })

/** What a character of a token holds. */
const BITS_PER_CHARACTER = 6

/** The library reads no request of more than 56 KiB, and a refresh token comes in one. Characters. */
const LONGEST_REFRESH_TOKEN = 57_000

/** Real access tokens may contain it; a helper that cuts a value at its last `=` is found out. */
const TAIL = '='

const WRONG_CLIENT = { error: 'unauthorized_client', error_description: 'Invalid OAuth client credentials' }
const PUBLIC_CONSUMER = {
  error: 'unauthorized_client',
  error_description:
    'Cannot use client_credentials with a consumer marked as "public". Tick "This is a private consumer".',
}
const NO_CALLBACK = 'No callback uri defined for the OAuth client.'

/**
 * A real authorization server, oidc-provider, dressed as Bitbucket's: its paths, its odd answers, long tokens, rotation.
 * What it is dressed with is in CONTRIBUTING.md.
 */
export class BitbucketOAuth {
  readonly settings: OAuthSettings = {
    rotation: true,
    accessTokenLifetime: 7200,
    scopes: ['repository', 'repository:write'],
    fault: undefined,
    refreshTokenAlone: false,
    ahead: 0,
    delay: 0,
    tokenLength: 2600,
    revocation: 'works',
    callback: 'set',
    kind: 'private',
  }
  /** Every request to the token endpoint, oldest first. */
  readonly tokenRequests: TokenRequest[] = []
  /** Every request to the revocation endpoint, oldest first. */
  readonly revocations: Revocation[] = []
  /** Every access token that there was. */
  readonly issued = new Set<string>()
  readonly storage = new Storage()
  /** Every token, code and verifier that went through the token endpoint, and the consumer's secret. */
  readonly secrets = new Set<string>()
  readonly consumer: Consumer
  readonly #begins = new EventEmitter()
  readonly #provider: Provider
  readonly #handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>

  constructor(origin: string, callback: string) {
    this.consumer = {
      key: randomBytes(16).toString('hex'),
      secret: randomBytes(38).toString('hex'),
      callback,
    }
    this.secrets.add(this.consumer.secret)
    this.#provider = new Provider(origin, this.#configuration())
    dressRedirectUris(this.#provider, this.consumer)
    dressAccessTokens(this.#provider)
    this.#provider.use((context, next) => this.#dress(context, next))
    this.#handle = this.#provider.callback()
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.startsWith('/interaction/')) await this.#interact(request, response)
    else await this.#handle(request, response)
  }

  /** Resolves when the next request reaches the token endpoint, before it is answered. */
  async tokenRequestBegins(): Promise<void> {
    await once(this.#begins, 'token-request')
  }

  /** The scopes of an access token; undefined for one that is wrong, expired or revoked. */
  async scopesOf(accessToken: string): Promise<ReadonlySet<string> | undefined> {
    const found = await this.#provider.AccessToken.find(accessToken)
    if (found !== undefined) return new Set(found.scopes)
    const own = await this.#provider.ClientCredentials.find(accessToken.replace(/=$/, ''))
    return own === undefined ? undefined : new Set(this.settings.scopes)
  }

  /** The tokens of a login that has just been, without the browser: its user has granted what is ticked. */
  async grant(): Promise<{ readonly accessToken: string; readonly refreshToken: string }> {
    const { AccessToken, Client, Grant, RefreshToken } = this.#provider
    const client = await Client.find(this.consumer.key)
    if (client === undefined) throw new Error('the consumer is unknown')
    const scope = this.settings.scopes.join(' ')
    const grant = new Grant({ accountId: USER.name, clientId: client.clientId })
    grant.addOIDCScope(scope)
    const grantId = await grant.save()
    const token = { accountId: USER.name, client, grantId, gty: 'authorization_code', scope, expiresWithSession: false }
    const accessToken = await new AccessToken(token).save()
    const refreshToken = await new RefreshToken({ ...token, rotations: 0 }).save()
    for (const secret of [accessToken, refreshToken]) this.secrets.add(secret)
    this.issued.add(`${accessToken}${TAIL}`)
    return { accessToken: `${accessToken}${TAIL}`, refreshToken }
  }

  #configuration(): Configuration {
    const { key, secret, callback } = this.consumer
    return {
      adapter: this.storage.adapterFor,
      clients: [
        {
          client_id: key,
          client_secret: secret,
          redirect_uris: [callback],
          grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
          response_types: ['code'],
          token_endpoint_auth_method: 'client_secret_basic',
          id_token_signed_response_alg: 'ES256',
        },
      ],
      scopes: ['repository', 'repository:write', 'account'],
      routes: {
        authorization: '/site/oauth2/authorize',
        token: '/site/oauth2/access_token',
        revocation: '/site/oauth2/revoke',
      },
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
      },
      findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      formats: {
        bitsOfOpaqueRandomness: (_context, { kind }) => {
          const { tokenLength } = this.settings
          if (kind === 'AccessToken' || kind === 'ClientCredentials') return tokenLength * BITS_PER_CHARACTER
          return kind === 'RefreshToken' ? Math.min(tokenLength, LONGEST_REFRESH_TOKEN) * BITS_PER_CHARACTER : 256
        },
      },
      pkce: { required: () => false },
      issueRefreshToken: async () => true,
      rotateRefreshToken: () => this.settings.rotation,
      expiresWithSession: async () => false,
      jwks: { keys: [SIGNING_KEY] },
      cookies: { keys: [randomBytes(16).toString('hex')] },
      ttl: {
        AccessToken: () => this.settings.accessTokenLifetime,
        AuthorizationCode: 600,
        ClientCredentials: () => this.settings.accessTokenLifetime,
        Grant: 7_776_000,
        Interaction: 600,
        RefreshToken: 7_776_000,
        Session: 600,
      },
      renderError: (context, { error, error_description: description }) => {
        context.type = 'html'
        context.body = errorPage(
          error === 'invalid_redirect_uri' ? 'Invalid redirect_uri' : error,
          error === 'invalid_redirect_uri'
            ? 'This integration is misconfigured. Contact the vendor for assistance.'
            : description,
        )
      },
    }
  }

  /** Around each request that the library answers. */
  async #dress(context: Context, next: () => Promise<void>): Promise<void> {
    if (context.path === '/site/oauth2/access_token') {
      const { delay } = this.settings
      await this.#dressTokenEndpoint(context, next)
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
      return
    }
    if (context.path === '/site/oauth2/revoke') return this.#dressRevocation(context, next)
    if (context.path === '/site/oauth2/authorize' && this.settings.callback === 'empty') {
      context.status = 400
      context.type = 'html'
      context.body = errorPage('This integration is misconfigured', NO_CALLBACK)
      return
    }
    // Bitbucket does not read the parameter: what is ticked for the consumer counts.
    if (context.path === '/site/oauth2/authorize') {
      context.query = { ...context.query, scope: this.settings.scopes.join(' ') }
    }
    await next()
    // RFC 9207 came later than Bitbucket.
    const location = context.response.get('location')
    if (URL.canParse(location)) {
      const url = new URL(location)
      url.searchParams.delete('iss')
      context.set('location', url.href)
    }
  }

  async #dressTokenEndpoint(context: Context, next: () => Promise<void>): Promise<void> {
    this.#begins.emit('token-request')
    context.set('date', new Date(Date.now() + this.settings.ahead * 1000).toUTCString())
    const { fault } = this.settings
    if (fault !== undefined) {
      context.status = fault.status
      context.set({ ...fault.headers, 'content-type': fault.type })
      context.body = fault.body
      this.tokenRequests.push({ grantType: 'unread', status: fault.status })
      return
    }
    if (!context.get('authorization').startsWith('Basic ')) {
      context.status = 400
      context.type = 'html'
      context.body = errorPage('Bad request', 'This page cannot be shown.')
      this.tokenRequests.push({ grantType: 'unread', status: 400 })
      return
    }
    if (context.is('application/json')) {
      context.status = 400
      context.body = { error: 'unsupported_grant_type', error_description: 'Unsupported grant type: None' }
      this.tokenRequests.push({ grantType: 'unread', status: 400 })
      return
    }
    await next()
    const { oidc } = context as { oidc?: OIDCContext }
    const grantType = readParameter(oidc, 'grant_type')
    if (grantType === 'client_credentials' && context.status === 200 && this.settings.kind === 'public') {
      context.status = 400
      context.body = PUBLIC_CONSUMER
      this.tokenRequests.push({ grantType, status: 400 })
      return
    }
    const body = context.body as Record<string, unknown>
    for (const name of ['code', 'code_verifier', 'refresh_token']) this.secrets.add(readParameter(oidc, name))
    for (const name of ['access_token', 'refresh_token']) this.secrets.add(readMember(body, name))
    if (context.status === 200) {
      const { scope, ...rest } = body
      const accessToken = `${String(body['access_token'])}${TAIL}`
      this.issued.add(accessToken)
      context.body = {
        ...rest,
        access_token: this.settings.refreshTokenAlone ? undefined : accessToken,
        token_type: 'bearer',
        // What the consumer's own token may do is what is ticked.
        scopes: scope ?? this.settings.scopes.join(' '),
        state: 'authorization_code',
      }
    } else {
      const isClientError = body['error'] === 'invalid_client'
      const isIncomplete = this.settings.callback === 'empty' && grantType === 'authorization_code'
      const isRotatedAway = this.storage.rotatedAway.has(readParameter(oidc, 'refresh_token'))
      context.status = 400
      context.remove('www-authenticate')
      context.body =
        isClientError || isRotatedAway
          ? WRONG_CLIENT
          : isIncomplete
            ? { error: 'invalid_request', error_description: NO_CALLBACK }
            : body['error'] === 'invalid_grant'
              ? { error: 'invalid_grant', error_description: 'The specified code is not valid.' }
              : body
    }
    this.tokenRequests.push({ grantType, status: context.status })
  }

  /** RFC 7009, with the token endpoint's answer to a wrong client. A token takes its whole grant with it. */
  async #dressRevocation(context: Context, next: () => Promise<void>): Promise<void> {
    if (this.settings.revocation === 'absent') {
      context.status = 404
      context.type = 'html'
      context.body = errorPage('Not found', 'The page does not exist.')
      this.revocations.push({ token: 'unknown', hint: '', status: 404 })
      return
    }
    await next()
    const { oidc } = context as { oidc?: OIDCContext }
    const { AccessToken, RefreshToken } = oidc?.entities ?? {}
    if (context.status === 401) {
      context.status = 400
      context.remove('www-authenticate')
      context.body = WRONG_CLIENT
    }
    this.secrets.add(readParameter(oidc, 'token'))
    this.revocations.push({
      token: AccessToken !== undefined ? 'access_token' : RefreshToken !== undefined ? 'refresh_token' : 'unknown',
      hint: readParameter(oidc, 'token_type_hint'),
      status: context.status,
    })
  }

  /** The pages where a user logs in and grants access. */
  async #interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params, session, uid } = await this.#provider.interactionDetails(request, response)
    if (request.method !== 'POST') {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(prompt.name === 'login' ? loginPage(uid, false) : consentPage(uid, this.settings.scopes))
      return
    }
    const form = new URLSearchParams(await readText(request))
    if (prompt.name === 'login') {
      if (form.get('username') !== USER.name || form.get('password') !== USER.password) {
        response.setHeader('content-type', 'text/html; charset=utf-8')
        response.end(loginPage(uid, true))
        return
      }
      return this.#provider.interactionFinished(request, response, { login: { accountId: USER.name } })
    }
    if (form.get('decision') !== 'grant') {
      return this.#provider.interactionFinished(request, response, {
        error: 'access_denied',
        error_description: 'The user denied access to the application',
      })
    }
    const grant = new this.#provider.Grant({
      accountId: session?.accountId ?? USER.name,
      clientId: String(params['client_id']),
    })
    grant.addOIDCScope(this.settings.scopes.join(' '))
    return this.#provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
  }
}

/** Bitbucket's rule: it begins with the consumer's callback URL; and any port will do for a callback without one. */
function dressRedirectUris(provider: Provider, consumer: Consumer): void {
  provider.Client.prototype.redirectUriAllowed = (value: string): boolean => {
    const { callback } = consumer
    const { hostname, port } = new URL(callback)
    const url = URL.canParse(value) ? new URL(value) : undefined
    if (url !== undefined && hostname === '127.0.0.1' && port === '') url.port = ''
    return value.startsWith(callback) || url?.href.startsWith(callback) === true
  }
}

/** Out there an access token has its tail, and the library knows it without. */
function dressAccessTokens({ AccessToken }: Provider): void {
  const find = AccessToken.find.bind(AccessToken) as (value: string, ...options: unknown[]) => Promise<unknown>
  AccessToken.find = (async (value: string, ...options: unknown[]) =>
    value.endsWith(TAIL) ? find(value.slice(0, -TAIL.length), ...options) : undefined) as typeof AccessToken.find
}

function readMember(body: Readonly<Record<string, unknown>>, name: string): string {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}

function readParameter(context: OIDCContext | undefined, name: string): string {
  const value = context?.params?.[name]
  return typeof value === 'string' ? value : ''
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
