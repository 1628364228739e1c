import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Provider } from 'oidc-provider'
import { findCommit, makeArchive } from './archives.ts'
import { BitbucketGit } from './git.ts'
import { consentPage, loginPage } from './pages.ts'
import { createRepository, listCommits } from './repositories.ts'
import { Storage } from './storage.ts'

const BASE = '/rest/oauth2/latest'
const REPOSITORIES = ['widgets', 'gadgets', 'gizmos']
const SCOPES = ['PUBLIC_REPOS', 'REPO_READ', 'REPO_WRITE']
const SIGNING_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })

/**
 * A real authorization server, oidc-provider, dressed as that of Bitbucket Data Center: its paths, the client's secret in the form,
 * PKCE, and scopes that are granted only where they are asked for. Beside it git's http-backend, below `/scm/`, and REST: a
 * repository, a project's repositories in pages, archives. All lies below a context path, if there is one.
 */
export class DataCenter {
  /** With its context path. */
  readonly url: string
  readonly consumer: { readonly key: string; readonly secret: string; readonly callback: string }
  /** The query of each authorization request, oldest first. */
  readonly authorizations: URLSearchParams[] = []
  /** Every request to the token endpoint, oldest first. */
  readonly tokenRequests: { readonly grantType: string; readonly status: number }[] = []
  readonly #server: Server
  readonly #root: string
  readonly #provider: Provider
  readonly #git: BitbucketGit
  readonly #contextPath: string
  /** The path and query of each REST request, oldest first. */
  readonly restRequests: string[] = []

  private constructor(server: Server, root: string, callback: string, contextPath: string) {
    this.#contextPath = contextPath
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${contextPath}`
    this.#server = server
    this.#root = root
    this.consumer = { key: randomBytes(16).toString('hex'), secret: randomBytes(32).toString('hex'), callback }
    this.#provider = this.#makeProvider()
    this.#git = new BitbucketGit(root, (token) => this.#scopesOf(token), { noAccess: new Set(), rule: undefined })
    const handle = this.#provider.callback()
    server.on('request', (request, response) => {
      if (request.url?.startsWith(`${contextPath}/`) !== true) {
        response.writeHead(404).end()
        return
      }
      // By the first address, oidc-provider tells where it is mounted.
      Object.assign(request, { originalUrl: request.url })
      const url = request.url.slice(contextPath.length)
      request.url = url
      if (url.startsWith('/scm/')) request.url = url.slice('/scm'.length)
      const work = url.startsWith('/scm/')
        ? this.#git.handle(request, response)
        : url.startsWith('/rest/api/')
          ? this.#answerRest(request, response)
          : url.startsWith('/interaction/')
            ? this.#interact(request, response)
            : handle(request, response)
      work.catch((error: unknown) => {
        process.stderr.write(`sandbox: ${String(error)}\n`)
        response.destroy()
      })
    })
  }

  static async start(callback: string, contextPath = ''): Promise<DataCenter> {
    const root = await mkdtemp(join(tmpdir(), 'data-center-sandbox-'))
    for (const name of REPOSITORIES) createRepository(root, name)
    const server = createServer().listen(0, '127.0.0.1')
    server.keepAliveTimeout = 120_000
    await once(server, 'listening')
    return new DataCenter(server, root, callback, contextPath)
  }

  repository(name: string, username?: string): string {
    const url = new URL(`${this.url}/scm/acme/${name}.git`)
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

  /** In pages of two. A token that is no good gets 401, and what is not there 404, each with a list of errors. */
  async #answerRest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://sandbox')
    this.restRequests.push(request.url ?? '')
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const scopes = await this.#scopesOf(token)
    if (scopes === undefined) return answerErrors(response, 401, 'You are not permitted to access this resource')
    if (pathname === '/rest/api/latest/projects') return answerJson(response, pageOf([{ key: 'acme' }], searchParams))
    const [, name, rest = ''] =
      /^\/rest\/api\/latest\/projects\/acme\/repos(?:\/([\w.-]+))?(\/archive)?$/.exec(pathname) ?? []
    if (name === undefined && pathname.endsWith('/acme/repos')) {
      return answerJson(response, pageOf(REPOSITORIES.map(describe), searchParams))
    }
    if (name === undefined || !REPOSITORIES.includes(name)) {
      return answerErrors(response, 404, 'The repository does not exist.')
    }
    if (rest === '') return answerJson(response, describe(name))
    const repository = join(this.#root, 'acme', `${name}.git`)
    const hash = await findCommit(repository, searchParams.get('at') ?? 'HEAD')
    const format = searchParams.get('format') === 'zip' ? 'zip' : 'tar.gz'
    if (hash === undefined) return answerErrors(response, 404, 'The ref does not exist.')
    const stem = (searchParams.get('prefix') ?? '').replace(/\/$/, '')
    response.setHeader('content-disposition', `attachment; filename="${name}-main@${hash}.${format}"`)
    response.end(await makeArchive({ repository, hash, stem, format }))
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
    const provider = new Provider(this.url, {
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
      interactions: { url: (_context, { uid }) => `${this.#contextPath}/interaction/${uid}` },
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
      const form = prompt.name === 'login' ? loginPage(uid, false) : consentPage(uid, scopes)
      response.end(form.replace('action="/', `action="${this.#contextPath}/`))
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

function describe(name: string): object {
  return { slug: name, name, project: { key: 'acme' } }
}

function pageOf(all: readonly object[], query: URLSearchParams): object {
  const start = Number(query.get('start') ?? 0)
  const values = all.slice(start, start + 2)
  const isLastPage = start + values.length === all.length
  return {
    size: values.length,
    limit: 2,
    start,
    isLastPage,
    values,
    ...(isLastPage ? {} : { nextPageStart: start + 2 }),
  }
}

function answerJson(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function answerErrors(response: ServerResponse, status: number, message: string): void {
  answerJson(response, { errors: [{ context: null, message, exceptionName: null }] }, status)
}
