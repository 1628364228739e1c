import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Provider } from 'oidc-provider'
import { BitbucketGit } from './git.ts'
import { consentPage, loginPage } from './pages.ts'
import { createRepository, listCommits } from './repositories.ts'
import { Storage } from './storage.ts'

const BASE = '/rest/oauth2/latest'
const SCOPES = ['PUBLIC_REPOS', 'REPO_READ', 'REPO_WRITE']
const SIGNING_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })

/**
 * A real authorization server, oidc-provider, dressed as that of Bitbucket Data Center: its paths, the client's secret in the form,
 * PKCE, and scopes that are granted only where they are asked for. Beside it git's http-backend, below `/scm/`.
 */
export class DataCenter {
  readonly origin: string
  readonly consumer: { readonly key: string; readonly secret: string; readonly callback: string }
  /** The query of each authorization request, oldest first. */
  readonly authorizations: URLSearchParams[] = []
  /** Every request to the token endpoint, oldest first. */
  readonly tokenRequests: { readonly grantType: string; readonly status: number }[] = []
  readonly #server: Server
  readonly #root: string
  readonly #provider: Provider
  readonly #git: BitbucketGit

  private constructor(server: Server, root: string, callback: string) {
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.#server = server
    this.#root = root
    this.consumer = { key: randomBytes(16).toString('hex'), secret: randomBytes(32).toString('hex'), callback }
    this.#provider = this.#makeProvider()
    this.#git = new BitbucketGit(root, (token) => this.#scopesOf(token), { noAccess: new Set(), rule: undefined })
    const handle = this.#provider.callback()
    server.on('request', (request, response) => {
      const { url = '' } = request
      if (url.startsWith('/scm/')) request.url = url.slice('/scm'.length)
      const work = url.startsWith('/scm/')
        ? this.#git.handle(request, response)
        : url.startsWith('/interaction/')
          ? this.#interact(request, response)
          : handle(request, response)
      work.catch((error: unknown) => {
        process.stderr.write(`sandbox: ${String(error)}\n`)
        response.destroy()
      })
    })
  }

  static async start(callback: string): Promise<DataCenter> {
    const root = await mkdtemp(join(tmpdir(), 'data-center-sandbox-'))
    createRepository(root, 'widgets')
    const server = createServer().listen(0, '127.0.0.1')
    server.keepAliveTimeout = 120_000
    await once(server, 'listening')
    return new DataCenter(server, root, callback)
  }

  repository(name: string, username?: string): string {
    const url = new URL(`${this.origin}/scm/acme/${name}.git`)
    if (username !== undefined) url.username = username
    return url.href
  }

  commits(name: string): string[] {
    return listCommits(this.#root, name)
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await rm(this.#root, { recursive: true, force: true })
  }

  /** Under the names of Bitbucket Cloud, by which the git server asks. */
  async #scopesOf(token: string): Promise<ReadonlySet<string> | undefined> {
    const found = await this.#provider.AccessToken.find(token)
    const names = new Set(found?.scopes)
    const write = names.has('REPO_WRITE') ? ['repository', 'repository:write'] : []
    return found === undefined ? undefined : new Set(names.has('REPO_READ') ? ['repository', ...write] : write)
  }

  #makeProvider(): Provider {
    const { key, secret, callback } = this.consumer
    const provider = new Provider(this.origin, {
      adapter: new Storage().adapterFor,
      clients: [
        {
          client_id: key,
          client_secret: secret,
          redirect_uris: [callback],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
          token_endpoint_auth_method: 'client_secret_post',
          id_token_signed_response_alg: 'ES256',
        },
      ],
      scopes: SCOPES,
      routes: { authorization: `${BASE}/authorize`, token: `${BASE}/token`, revocation: `${BASE}/revoke` },
      features: {
        devInteractions: { enabled: false },
        revocation: { enabled: true, allowedPolicy: (_context, client, token) => token.clientId === client.clientId },
      },
      findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      pkce: { required: () => true },
      issueRefreshToken: async () => true,
      rotateRefreshToken: true,
      expiresWithSession: async () => false,
      jwks: { keys: [SIGNING_KEY] },
      cookies: { keys: [randomBytes(16).toString('hex')] },
      ttl: { AccessToken: 3600, AuthorizationCode: 600, Grant: 7_776_000, Interaction: 600, RefreshToken: 7_776_000 },
    })
    provider.use(async (context, next) => {
      if (context.path === `${BASE}/authorize`) this.authorizations.push(new URLSearchParams(context.querystring))
      await next()
      if (context.path !== `${BASE}/token`) return
      const { oidc } = context as { oidc?: { params?: Record<string, unknown> } }
      this.tokenRequests.push({ grantType: String(oidc?.params?.['grant_type']), status: context.status })
    })
    return provider
  }

  async #interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params, session, uid } = await this.#provider.interactionDetails(request, response)
    const { scope } = params
    const scopes = typeof scope === 'string' ? scope.split(' ') : []
    if (request.method !== 'POST') {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(prompt.name === 'login' ? loginPage(uid, false) : consentPage(uid, scopes))
      return
    }
    request.resume()
    if (prompt.name === 'login') {
      return this.#provider.interactionFinished(request, response, { login: { accountId: 'alice' } })
    }
    const grant = new this.#provider.Grant({ accountId: session?.accountId ?? 'alice', clientId: this.consumer.key })
    grant.addOIDCScope(scopes.join(' '))
    return this.#provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
  }
}
