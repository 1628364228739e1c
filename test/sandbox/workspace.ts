import type { IncomingMessage, ServerResponse } from 'node:http'
import { readBody } from './body.ts'
import type { BitbucketOAuth } from './oauth.ts'
import { addConsumerPage, consumerPage, errorPage } from './pages.ts'

/** What can be ticked for a consumer, and the scopes that stand for it. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  'Account: Read': 'account',
  'Repositories: Read': 'repository',
  'Repositories: Write': 'repository:write',
}

export function isWorkspacePath(path: string): boolean {
  return /^\/[\w-]+\/workspace\/settings\/api$/.test(path)
}

/** The page of a workspace's settings where its administrator makes the consumer: the one that the sandbox knows. */
export class BitbucketWorkspace {
  readonly #oauth: BitbucketOAuth

  constructor(oauth: BitbucketOAuth) {
    this.#oauth = oauth
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('content-type', 'text/html; charset=utf-8')
    if (request.method !== 'POST') return void response.end(addConsumerPage(Object.keys(PERMISSIONS)))
    const form = new URLSearchParams((await readBody(request)).toString())
    if (!form.has('private')) {
      response.statusCode = 400
      return void response.end(errorPage('No secret', 'A consumer that is not private keeps no secret.'))
    }
    const { consumer, settings } = this.#oauth
    const callback = form.get('callback') ?? ''
    settings.callback = callback === '' ? 'empty' : 'set'
    if (callback !== '') consumer.callback = callback
    settings.scopes = form.getAll('permission').flatMap((permission) => PERMISSIONS[permission] ?? [])
    response.end(consumerPage(form.get('name') ?? '', consumer.key, consumer.secret))
  }
}
