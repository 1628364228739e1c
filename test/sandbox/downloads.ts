import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerError, demandScope } from './bearer.ts'
import { readBody } from './body.ts'
import type { OtherOrigin } from './otherOrigin.ts'
import { answerPage } from './page.ts'

/** A file of a repository's section "Downloads". */
type Download = { readonly content: Buffer; readonly createdOn: string; downloads: number }

/** Who asks for what, once it is clear that the repository is there for them. */
type Asked = { readonly repository: string; readonly scopes: ReadonlySet<string> }

/** What the tests turn. */
export type DownloadSettings = {
  /** After so many bytes of a file the connection is cut; undefined: never. */
  cutAfter: number | undefined
  /** `etag`: the server takes ranges of a file that has not changed; `careless`: of any. `none`: it sends the whole one. */
  ranges: 'etag' | 'careless' | 'none'
  /** Until this says so, a file comes in drops. */
  dripUntil: (() => boolean) | undefined
}

/** Bytes, and the milliseconds between two of them. */
const DROP = { bytes: 1024, pause: 10 }

/** The section "Downloads" of each repository, in memory. The files themselves come from another origin. */
export class Downloads {
  readonly settings: DownloadSettings = { cutAfter: undefined, ranges: 'etag', dripUntil: undefined }
  /** The range of each request for a file; undefined for the whole one. Oldest first. */
  readonly ranges: (string | undefined)[] = []
  /** Is called when a connection is cut. */
  onBreak: () => void = () => {}
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
    const location = await this.#otherOrigin.link(async (there, answer) => {
      file.downloads += 1
      answer.setHeader('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`)
      await this.#send(there, answer, file.content)
    })
    response.writeHead(302, { location }).end()
  }

  async #send({ headers }: IncomingMessage, response: ServerResponse, content: Buffer): Promise<void> {
    const { cutAfter, ranges, dripUntil = () => true } = this.settings
    this.ranges.push(headers.range)
    response.setHeader('content-type', 'application/octet-stream')
    const etag = `"${createHash('md5').update(content).digest('hex')}"`
    if (ranges !== 'none') response.setHeader('etag', etag)
    const isPart =
      headers.range !== undefined && (ranges === 'careless' || (ranges === 'etag' && headers['if-range'] === etag))
    const begin = isPart ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1]) : 0
    if (isPart) response.setHeader('content-range', `bytes ${begin}-${content.length - 1}/${content.length}`)
    response.writeHead(isPart ? 206 : 200, { 'content-length': content.length - begin })
    let part = content.subarray(begin)
    for (; !dripUntil() && part.length > DROP.bytes; part = part.subarray(DROP.bytes)) {
      response.write(part.subarray(0, DROP.bytes))
      await sleep(DROP.pause)
    }
    if (cutAfter === undefined || cutAfter >= part.length) response.end(part)
    else
      response.write(part.subarray(0, cutAfter), () => {
        this.onBreak()
        response.destroy()
      })
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
