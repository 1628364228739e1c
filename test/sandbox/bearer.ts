import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ScopesOf } from './git.ts'

/** What there is to know about access tokens. */
export type Tokens = {
  readonly scopesOf: ScopesOf
  /** Whether there ever was such a token. */
  readonly wasIssued: (accessToken: string) => boolean
}

/**
 * The scopes of the Bearer token that a request carries. Where it carries no good one, answers 401 as Bitbucket does
 * and returns undefined.
 *
 * @param options.unauthorized Bitbucket's 401 is seen in either form
 */
export async function demandBearer(
  request: IncomingMessage,
  response: ServerResponse,
  tokens: Tokens,
  options: { unauthorized: 'json' | 'text' } = { unauthorized: 'json' },
): Promise<ReadonlySet<string> | undefined> {
  const [scheme, value = ''] = (request.headers.authorization ?? '').split(' ')
  const isBearer = scheme?.toLowerCase() === 'bearer'
  const scopes = isBearer ? await tokens.scopesOf(value) : undefined
  if (scopes !== undefined) return scopes
  const text =
    isBearer && tokens.wasIssued(value)
      ? 'Access token expired. Use your refresh token to obtain a new access token.'
      : 'Token is invalid or not supported for this endpoint.'
  if (options.unauthorized === 'json') answerError(response, 401, text)
  else response.writeHead(401, { 'content-type': 'text/plain' }).end(text)
  return undefined
}

/** Whether the scope is there. Where it is not, answers 403 as Bitbucket does. */
export function demandScope(response: ServerResponse, scopes: ReadonlySet<string>, required: string): boolean {
  if (scopes.has(required)) return true
  answerError(response, 403, 'Your credentials lack one or more required privilege scopes.', {
    tokenResponse: [...scopes],
    required: [required],
  })
  return false
}

/** First reads what is still sent, as nginx does: the end of a connection that is being written to may lose the answer. */
export function answerError(response: ServerResponse, status: number, message: string, detail?: unknown): void {
  const { req: request } = response
  const answer = (): void => answerJson(response, status, { type: 'error', error: { message, detail } })
  if (request.complete) answer()
  else request.once('end', answer).resume()
}

export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}
