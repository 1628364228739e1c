import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerError, demandScope } from './bearer.ts'
import { readBody } from './body.ts'
import type { OtherOrigin } from './otherOrigin.ts'
import { answerPage } from './page.ts'

/** A file of a repository's section "Downloads". */
type Download = { readonly content: Buffer; readonly createdOn: string; downloads: number }

/** Who asks for what, once it is clear that the repository is there for them. */
type Asked = { readonly repository: string; readonly scopes: ReadonlySet<string> }

/** The section "Downloads" of each repository, in memory. The files themselves come from another origin. */
export class Downloads {
  readonly #files = new Map<string, Map<string, Download>>()
  readonly #otherOrigin: OtherOrigin

  constructor(otherOrigin: OtherOrigin) {
    this.#otherOrigin = otherOrigin
  }

  /** The files of a repository by their names. */
  list(repository: string): Map<string, Download> {
    const files = this.#files.get(repository) ?? new Map<string, Download>()
    this.#files.set(repository, files)
    return files
  }

  /** @param repository as `acme/NAME` */
  add(repository: string, name: string, content: Buffer): void {
    this.list(repository).set(name, { content, createdOn: new Date().toISOString(), downloads: 0 })
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL, asked: Asked): Promise<void> {
    const { repository, scopes } = asked
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!demandScope(response, scopes, isRead ? 'repository' : 'repository:write')) return
    if (request.method === 'POST') return this.#receive(request, response, repository)
    const [, encoded] = /\/downloads\/([^/]+)$/.exec(url.pathname) ?? []
    if (encoded === undefined && isRead) return answerPage(response, url, this.#describe(url.origin, repository))
    const name = decodeURIComponent(encoded ?? '')
    const file = this.list(repository).get(name)
    if (file === undefined) return answerError(response, 404, `${name} not found`)
    if (request.method === 'DELETE') {
      this.list(repository).delete(name)
      return void response.writeHead(204).end()
    }
    const location = await this.#otherOrigin.link(async (_request, there) => {
      file.downloads += 1
      there.setHeader('content-type', 'application/octet-stream')
      there.setHeader('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`)
      there.setHeader('content-length', file.content.length)
      there.end(file.content)
    })
    response.writeHead(302, { location }).end()
  }

  /** A form with one or more files in the field `files`. */
  async #receive(request: IncomingMessage, response: ServerResponse, repository: string): Promise<void> {
    const headers = { 'content-type': request.headers['content-type'] ?? '' }
    const body = await readBody(request)
    const form = await new Response(new Uint8Array(body), { headers }).formData().catch(() => undefined)
    const files = form?.getAll('files').filter((file) => typeof file !== 'string') ?? []
    if (files.length === 0) return answerError(response, 400, 'No files were sent in the field "files".')
    for (const file of files) this.add(repository, file.name, Buffer.from(await file.arrayBuffer()))
    response.writeHead(201).end()
  }

  #describe(origin: string, repository: string): object[] {
    return [...this.list(repository)].map(([name, { content, createdOn, downloads }]) => ({
      type: 'download',
      name,
      size: content.length,
      downloads,
      created_on: createdOn,
      links: {
        self: { href: `${origin}/2.0/repositories/${repository}/downloads/${encodeURIComponent(name)}` },
      },
    }))
  }
}
