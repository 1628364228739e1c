import { existsSync, readdirSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type Access, findRefusal } from './access.ts'
import { answerError, answerJson, demandBearer, demandScope, type Tokens } from './bearer.ts'
import { readBody } from './body.ts'
import type { Downloads } from './downloads.ts'
import { answerFault, type Fault } from './fault.ts'
import { answerPage, type Shifts } from './page.ts'
import { note, type SeenRequest } from './seen.ts'

/** What the tests turn. */
export type ApiSettings = Shifts & {
  fault: Fault | undefined
  /** The form of a 401. */
  unauthorized: 'json' | 'text'
}

/** Gone in April 2026: what listed across workspaces. */
const GONE = new Set([
  '/2.0/workspaces',
  '/2.0/repositories',
  '/2.0/user/permissions/workspaces',
  '/2.0/user/permissions/repositories',
])

const NOTHING_HERE =
  "There is no API hosted at this URL.\n\nFor information about our API's, please refer to the documentation at: https://developer.atlassian.com/bitbucket/api/2/reference/"

/**
 * As much of Bitbucket's REST interface as this program's users ask for: who they are, their workspaces and
 * repositories, the downloads of one, and an echo of whatever else is sent to a repository. Takes Bearer tokens only.
 */
export class BitbucketApi {
  readonly settings: ApiSettings = { fault: undefined, unauthorized: 'json', shifts: 0, longestPage: 100 }
  /** Every request, oldest first. */
  readonly requests: SeenRequest[] = []
  readonly #added: string[] = []
  readonly #root: string
  readonly #tokens: Tokens
  readonly #access: Access
  readonly #downloads: Downloads

  /** @param root the directory of the bare repositories, as WORKSPACE/REPOSITORY.git */
  constructor(root: string, tokens: Tokens, access: Access, downloads: Downloads) {
    this.#root = root
    this.#tokens = tokens
    this.#access = access
    this.#downloads = downloads
  }

  /** Lists more repositories of workspace acme: names only, with nothing to clone. */
  addRepositories(names: readonly string[]): void {
    this.#added.push(...names)
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    note(this.requests, request, response)
    if (answerFault(this.settings, response)) return
    const url = new URL(request.url ?? '', originOf(request))
    const path = url.pathname.replace(/\/$/, '')
    const scopes = await demandBearer(request, response, this.#tokens, this.settings)
    if (scopes === undefined) return
    if (GONE.has(path)) {
      return answerError(response, 410, 'This API is no longer available. See CHANGE-2770.')
    }
    const [, workspace, name, rest = ''] = /^\/2\.0\/repositories\/([^/]+)(?:\/([^/]+)(?:\/(.+))?)?$/.exec(path) ?? []
    if (workspace === undefined) return this.#answerUser(response, url, path, scopes)
    if (name === undefined) return this.#listRepositories(response, url, workspace, scopes)
    if (!this.#admits(response, `${workspace}/${name}`)) return
    if (/^downloads(\/|$)/.test(rest)) {
      return this.#downloads.handle(request, response, url, { repository: `${workspace}/${name}`, scopes })
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return echo(request, response)
    if (rest !== '') return answerError(response, 404, 'Resource not found', NOTHING_HERE)
    if (demandScope(response, scopes, 'repository')) answerJson(response, 200, describe(url.origin, name))
  }

  #answerUser(response: ServerResponse, url: URL, path: string, scopes: ReadonlySet<string>): void {
    if (path !== '/2.0/user' && path !== '/2.0/user/workspaces') {
      return answerError(response, 404, 'Resource not found', NOTHING_HERE)
    }
    if (!demandScope(response, scopes, 'account')) return
    if (path === '/2.0/user') answerJson(response, 200, describeUser(url.origin))
    else answerPage(response, url, [describeWorkspace(url.origin)])
  }

  #listRepositories(response: ServerResponse, url: URL, workspace: string, scopes: ReadonlySet<string>): void {
    if (!demandScope(response, scopes, 'repository')) return
    if (workspace !== 'acme') return answerError(response, 404, `No workspace with identifier '${workspace}'.`)
    const { rule, noAccess } = this.#access
    if (rule !== undefined && !this.#admits(response, 'acme')) return
    const names = this.#names().filter((name) => !noAccess.has(`acme/${name}`))
    answerPage(
      response,
      url,
      names.map((name) => describe(url.origin, name)),
      this.settings,
    )
  }

  #names(): string[] {
    const real = readdirSync(join(this.#root, 'acme')).map((name) => name.replace(/\.git$/, ''))
    return [...new Set([...real.toSorted(), ...this.#added])]
  }

  #admits(response: ServerResponse, repository: string): boolean {
    const refusal = findRefusal(this.#access, repository)
    if (refusal !== undefined) answerError(response, 403, refusal.text)
    else if (repository === 'acme' || this.#exists(repository)) return true
    else answerError(response, 404, `Repository ${repository} not found`)
    return false
  }

  #exists(repository: string): boolean {
    const isAdded = this.#added.some((name) => repository === `acme/${name}`)
    return isAdded || (/^[\w-]+\/[\w.-]+$/.test(repository) && existsSync(join(this.#root, `${repository}.git`)))
  }
}

/** The origin that the client believes it speaks to: addresses in answers stay there. */
function originOf({ headers, socket }: IncomingMessage): string {
  return `${'encrypted' in socket ? 'https' : 'http'}://${headers.host}`
}

/** Answers with the JSON or the form that was sent. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request)
  if (request.method === 'DELETE') return void response.writeHead(204).end()
  const status = request.method === 'POST' ? 201 : 200
  const type = request.headers['content-type'] ?? ''
  if (!type.startsWith('application/json')) {
    return answerJson(response, status, Object.fromEntries(new URLSearchParams(body.toString())))
  }
  try {
    answerJson(response, status, JSON.parse(body.toString()) as object)
  } catch {
    answerError(response, 400, 'Bad request')
  }
}

function describeUser(origin: string): object {
  return {
    display_name: 'Alice',
    links: { self: { href: `${origin}/2.0/users/%7B${ALICE}%7D` }, html: { href: `${origin}/%7B${ALICE}%7D/` } },
    created_on: '2020-02-02T20:02:02.020202+00:00',
    type: 'user',
    uuid: `{${ALICE}}`,
    username: 'alice',
    nickname: 'alice',
    account_id: '557058:00000000-0000-4000-8000-000000000001',
    account_status: 'active',
  }
}

function describeWorkspace(origin: string): object {
  const links = { self: { href: `${origin}/2.0/workspaces/acme` } }
  return {
    type: 'workspace_access',
    administrator: false,
    workspace: { type: 'workspace_base', uuid: `{${ACME}}`, slug: 'acme', links },
  }
}

function describe(origin: string, name: string): object {
  const self = `${origin}/2.0/repositories/acme/${name}`
  return {
    type: 'repository',
    full_name: `acme/${name}`,
    name,
    slug: name,
    scm: 'git',
    is_private: true,
    mainbranch: { name: 'main', type: 'branch' },
    workspace: { type: 'workspace', slug: 'acme', uuid: `{${ACME}}`, name: 'Acme' },
    links: {
      self: { href: self },
      html: { href: `${webOrigin(origin)}/acme/${name}` },
      downloads: { href: `${self}/downloads` },
      clone: [
        { name: 'https', href: cloneUrl(origin, name) },
        { name: 'ssh', href: `git@bitbucket.org:acme/${name}.git` },
      ],
    },
  }
}

/** Bitbucket writes the user's name into it. */
function cloneUrl(origin: string, name: string): string {
  const url = new URL(`${webOrigin(origin)}/acme/${name}.git`)
  url.username = 'alice'
  return url.href
}

function webOrigin(origin: string): string {
  return origin.replace('//api.', '//')
}

const ALICE = '00000000-0000-4000-8000-000000000001'
const ACME = '00000000-0000-4000-8000-000000000002'
