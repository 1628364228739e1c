import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from './body.ts'
import { readScopes, refuse, type ScopesOf } from './git.ts'

type Batch = { readonly operation: 'download' | 'upload'; readonly objects: readonly { oid: string; size: number }[] }

/**
 * As much of the Git LFS API as a push and a clone take: the batch of the basic transfer, links to a storage that need no
 * token, and no locks.
 *
 * @see https://github.com/git-lfs/git-lfs/blob/main/docs/api/README.md
 */
export class BitbucketLfs {
  /** Bitbucket was seen to answer 403 where nobody has logged in, and git-lfs then asks no credential helper. */
  refusesAnonymous: 401 | 403 = 401
  readonly #objects = new Map<string, Buffer>()
  /** What may be loaded up or down, once, by the link that was given for it. */
  readonly #links = new Map<string, string>()
  readonly #origin: string
  readonly #scopesOf: ScopesOf

  constructor(origin: string, scopesOf: ScopesOf) {
    this.#origin = origin
    this.#scopesOf = scopesOf
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '', this.#origin)
    const body = await readBody(request)
    const [, link] = /\/storage\/([\w-]+)$/.exec(pathname) ?? []
    if (link !== undefined) return this.#transfer(request, response, link, body)
    const scopes = await readScopes(request, this.#scopesOf)
    if (scopes === undefined) {
      if (request.headers.authorization === undefined && this.refusesAnonymous === 403) {
        return refuse(response, 403, 'Forbidden')
      }
      response.setHeader('www-authenticate', 'Basic realm="Bitbucket.org HTTP"')
      return refuse(response, 401, 'Unauthorized')
    }
    if (pathname.endsWith('/locks/verify')) return answer(response, { ours: [], theirs: [] })
    const { operation, objects } = JSON.parse(body.toString()) as Batch
    if (operation === 'upload' && !scopes.has('repository:write')) return refuse(response, 403, 'Forbidden')
    const base = `${this.#origin}${pathname.replace(/\/objects\/batch$/, '')}`
    const found = objects.map(({ oid, size }) => {
      const isNeeded = this.#objects.has(oid) === (operation === 'download')
      return { oid, size, authenticated: true, actions: isNeeded ? this.#link(base, operation, oid) : undefined }
    })
    answer(response, { transfer: 'basic', objects: found })
  }

  #link(base: string, operation: Batch['operation'], oid: string): object {
    const link = randomUUID()
    this.#links.set(link, oid)
    return { [operation]: { href: `${base}/storage/${link}`, expires_in: 60 } }
  }

  #transfer(request: IncomingMessage, response: ServerResponse, link: string, body: Buffer): void {
    const oid = this.#links.get(link)
    this.#links.delete(link)
    if (oid === undefined) return refuse(response, 404, 'Not found')
    if (request.method === 'GET') return void response.end(this.#objects.get(oid))
    if (createHash('sha256').update(body).digest('hex') !== oid) return refuse(response, 422, 'Another object')
    this.#objects.set(oid, body)
    response.end()
  }
}

function answer(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/vnd.git-lfs+json' }).end(JSON.stringify(body))
}
