import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type Access, findRefusal } from './access.ts'

/** The scopes of a token; undefined for one that is no good. */
export type ScopesOf = (accessToken: string) => Promise<ReadonlySet<string> | undefined>

export type GitRequest = { readonly method: string; readonly url: string; readonly status: number }

/**
 * Serves private repositories over HTTP through git's own http-backend, with Bitbucket's answers to who may do what:
 * 401 without a good token, 404 for what is not there or not for the user, 403 for a push without the permission and where
 * the workspace's rules shut somebody out.
 */
export class BitbucketGit {
  /** Every request, oldest first. */
  readonly requests: GitRequest[] = []
  /** Whether it refuses whoever comes, as a workspace does that has shut somebody out. */
  refusesAll = false
  readonly #root: string
  readonly #scopesOf: ScopesOf
  readonly #access: Access

  /** @param root the directory of the bare repositories, as WORKSPACE/REPOSITORY.git */
  constructor(root: string, scopesOf: ScopesOf, access: Access) {
    this.#root = root
    this.#scopesOf = scopesOf
    this.#access = access
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('finish', () => {
      const { method = '', url = '' } = request
      this.requests.push({ method, url, status: response.statusCode })
    })
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://sandbox')
    const scopes = await readScopes(request, this.#scopesOf)
    if (scopes === undefined || this.refusesAll) {
      response.setHeader('www-authenticate', 'Basic realm="Bitbucket.org HTTP"')
      return refuse(
        response,
        401,
        'You may not have access to this repository or it no longer exists in this workspace.',
      )
    }
    const [, repository = '', rest = ''] = /^\/([\w-]+\/[\w-]+)(?:\.git)?(\/.*)/.exec(pathname) ?? []
    const refusal = findRefusal(this.#access, repository)
    if (refusal !== undefined) return refuse(response, refusal.rule ? 403 : 404, refusal.text)
    if (repository === '' || !existsSync(join(this.#root, `${repository}.git`))) {
      return refuse(response, 404, 'Repository not found')
    }
    const isPush = `${pathname} ${searchParams.get('service')}`.includes('git-receive-pack')
    if (!scopes.has(isPush ? 'repository:write' : 'repository')) {
      return refuse(response, 403, 'Your credentials lack one or more required privilege scopes.')
    }
    await this.#serve(request, response, `/${repository}.git${rest}`, searchParams)
  }

  /** The Common Gateway Interface (RFC 3875), as far as git http-backend asks for it. */
  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    pathname: string,
    searchParams: URLSearchParams,
  ): Promise<void> {
    const { headers, method } = request
    const backend = spawn('git', ['http-backend'], {
      env: {
        PATH: process.env['PATH'],
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_HTTP_EXPORT_ALL: '1',
        GIT_PROJECT_ROOT: this.#root,
        GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
        HTTP_CONTENT_ENCODING: headers['content-encoding'],
        CONTENT_LENGTH: headers['content-length'],
        CONTENT_TYPE: headers['content-type'],
        PATH_INFO: pathname,
        QUERY_STRING: searchParams.toString(),
        REMOTE_ADDR: '127.0.0.1',
        REMOTE_USER: 'alice',
        REQUEST_METHOD: method,
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    request.pipe(backend.stdin)
    backend.stdin.on('error', () => {})
    let head = Buffer.alloc(0)
    let isBody = false
    for await (const chunk of backend.stdout as AsyncIterable<Buffer>) {
      if (isBody) {
        response.write(chunk)
        continue
      }
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end === -1) continue
      isBody = true
      for (const line of head.subarray(0, end).toString().split('\r\n')) {
        const [name = '', value = ''] = line.split(': ')
        if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
        else response.setHeader(name, value)
      }
      response.write(head.subarray(end + 4))
    }
    response.end()
  }
}

/** Go leaves the `.git` out. */
export function isGitPath(path: string): boolean {
  return /\.git\/|\/(info\/refs|git-(upload|receive)-pack)$/.test(path)
}

/** The scopes of the access token that a request carries, in either form; undefined where it carries no good one. */
export function readScopes({ headers }: IncomingMessage, scopesOf: ScopesOf): ReturnType<ScopesOf> {
  const [scheme, value = ''] = (headers.authorization ?? '').split(' ')
  if (scheme === 'Bearer') return scopesOf(value)
  const [username, ...password] = Buffer.from(value, 'base64').toString().split(':')
  return scopesOf(username === 'x-token-auth' ? password.join(':') : '')
}

export function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`)
}
