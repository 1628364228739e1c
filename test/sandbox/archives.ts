import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Access, findRefusal } from './access.ts'
import { answerError, demandBearer, demandScope, type Tokens } from './bearer.ts'
import { answerFault, type Fault } from './fault.ts'
import type { OtherOrigin } from './otherOrigin.ts'
import { errorPage } from './pages.ts'
import { note, type SeenRequest } from './seen.ts'

/** What the tests turn. */
export type ArchiveSettings = {
  /** To the other origin; else the archive comes at once. */
  redirects: boolean
  /** Whether the length is told beforehand. */
  hasLength: boolean
  /** So many bytes that look like a tar.gz, in the place of what the repository holds. */
  syntheticSize: number | undefined
  /** The connection breaks after so many bytes. */
  cutAfter: number | undefined
  /** Nothing more comes after so many bytes. */
  stallAfter: number | undefined
  fault: Fault | undefined
}

const TYPES = { 'tar.gz': 'application/x-gzip', zip: 'application/zip', 'tar.bz2': 'application/x-bzip2' }
type Format = keyof typeof TYPES

const ARCHIVE = /^\/([\w-]+)\/([\w.-]+)\/get\/(.+)\.(tar\.gz|zip|tar\.bz2)$/

/** Where those go who have not logged in. */
const SIGN_IN = '/account/signin/'

/** Of the hash in an archive's name. */
const HASH_LENGTH = 12

/** A block as a gzip file begins. */
const BLOCK = Buffer.concat([Buffer.from([0x1f, 0x8b, 0x08, 0x00]), randomBytes(65_532)])

/** Whether these are for a path. */
export function isArchivePath(path: string): boolean {
  return ARCHIVE.test(path) || path === SIGN_IN
}

/** What a synthetic archive holds, in pieces: never more of it in memory than one. */
export function* makeSyntheticArchive(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= BLOCK.length) yield BLOCK.subarray(0, left)
}

/**
 * The archives of repositories, as of `https://bitbucket.org/acme/widgets/get/main.tar.gz`: for Bearer tokens only; whoever
 * comes otherwise is sent to a page to log in.
 */
export class BitbucketArchives {
  readonly settings: ArchiveSettings = {
    redirects: true,
    hasLength: true,
    syntheticSize: undefined,
    cutAfter: undefined,
    stallAfter: undefined,
    fault: undefined,
  }
  /** Every request, oldest first; not those to the other origin. */
  readonly requests: SeenRequest[] = []
  readonly #root: string
  readonly #tokens: Tokens
  readonly #access: Access
  readonly #otherOrigin: OtherOrigin

  /** @param root the directory of the bare repositories, as WORKSPACE/REPOSITORY.git */
  constructor(root: string, tokens: Tokens, access: Access, otherOrigin: OtherOrigin) {
    this.#root = root
    this.#tokens = tokens
    this.#access = access
    this.#otherOrigin = otherOrigin
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    note(this.requests, request, response)
    if (answerFault(this.settings, response)) return
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://sandbox')
    if (pathname === SIGN_IN) return answerHtml(response, 200, 'Log in to continue', '')
    if (searchParams.has('access_token')) return answerHtml(response, 403, 'Forbidden', '')
    if (!/^Bearer /i.test(request.headers.authorization ?? '')) {
      const location = `${SIGN_IN}?next=${encodeURIComponent(pathname)}`
      return void response.writeHead(302, { location }).end()
    }
    const scopes = await demandBearer(request, response, this.#tokens)
    if (scopes === undefined || !demandScope(response, scopes, 'repository')) return
    const [, workspace = '', name = '', ref = '', format = ''] = ARCHIVE.exec(pathname) ?? []
    const refusal = findRefusal(this.#access, `${workspace}/${name}`)
    if (refusal !== undefined) return answerError(response, refusal.rule ? 403 : 404, refusal.text)
    const repository = join(this.#root, workspace, `${name}.git`)
    const hash = await findCommit(repository, decodeURIComponent(ref))
    if (hash === undefined) return answerHtml(response, 404, 'Not found', 'The page does not exist.')
    const archive = { repository, hash, stem: `${workspace}-${name}-${hash}`, format: format as Format }
    if (!this.settings.redirects) return this.#serve(response, archive)
    const location = await this.#otherOrigin.link((_request, there) => this.#serve(there, archive))
    response.writeHead(302, { location }).end()
  }

  async #serve(response: ServerResponse, archive: Archive): Promise<void> {
    const { syntheticSize, hasLength, cutAfter, stallAfter } = this.settings
    const real = syntheticSize === undefined ? await makeArchive(archive) : Buffer.alloc(0)
    response.setHeader('content-type', TYPES[archive.format])
    response.setHeader('content-disposition', `attachment; filename="${archive.stem}.${archive.format}"`)
    if (hasLength) response.setHeader('content-length', syntheticSize ?? real.length)
    const limit = cutAfter ?? stallAfter ?? Infinity
    await send(response, syntheticSize === undefined ? [real] : makeSyntheticArchive(syntheticSize), limit)
    if (response.destroyed) return
    if (cutAfter !== undefined) response.socket?.destroySoon()
    else if (stallAfter === undefined) response.end()
  }
}

export type Archive = {
  readonly repository: string
  readonly hash: string
  readonly stem: string
  readonly format: Format
}

/** The first twelve digits of the commit that a ref names; undefined where it names none. */
export async function findCommit(repository: string, ref: string): Promise<string | undefined> {
  if (!existsSync(repository)) return undefined
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]
  try {
    const { stdout } = await run('git', args, { cwd: repository })
    return stdout.toString().slice(0, HASH_LENGTH)
  } catch {
    return undefined
  }
}

export async function makeArchive({ repository, hash, stem, format }: Archive): Promise<Buffer> {
  const way = format === 'tar.bz2' ? 'tar' : format
  const bzip2 = format === 'tar.bz2' ? '| bzip2' : ''
  const script = `git archive --format=${way} --prefix="$1/" "$2" ${bzip2}`
  const { stdout } = await run('sh', ['-c', script, 'sh', stem, hash], { cwd: repository })
  return stdout
}

async function run(command: string, args: readonly string[], { cwd }: { cwd: string }): Promise<{ stdout: Buffer }> {
  const env = { PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }
  return promisify(execFile)(command, args, { cwd, env, encoding: 'buffer', maxBuffer: Infinity })
}

/** Sends no more than the limit, and no faster than it is taken. */
async function send(response: ServerResponse, pieces: Iterable<Buffer>, limit: number): Promise<void> {
  response.flushHeaders()
  const closed = new Promise<void>((resolve) => void response.once('close', resolve))
  let left = limit
  for (const piece of pieces) {
    if (left <= 0 || response.destroyed) return
    const isTaken = response.write(piece.subarray(0, left))
    left -= piece.length
    if (!isTaken) await Promise.race([once(response, 'drain'), closed])
  }
}

function answerHtml(response: ServerResponse, status: number, title: string, text: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(errorPage(title, text))
}
