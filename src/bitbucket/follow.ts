import { Failure } from '../base/failure.ts'
import { COMMAND } from '../base/program.ts'
import { type LargeRequest, open, type OpenAnswer } from '../http/http.ts'
import { isConfidential } from '../http/loopback.ts'
import type { Network } from '../http/network.ts'

/** Bitbucket needs one. Browsers follow some twenty; a server that means well needs no more than these. */
const MOST_REDIRECTS = 5

/** A request that may be redirected. `accessToken` is secret. */
export type BearerRequest = LargeRequest & { readonly accessToken: string }

/**
 * Sends a request with an access token, and follows redirects of GET and HEAD. The token and all other headers of the
 * request go to the first origin only; but for those that ask for a part of a file. Once another origin was asked, they are
 * not sent again, not even to the first.
 *
 * @param networkFor how an origin is reached
 * @throws Failure with the code `unreachable` when there is no answer; with `signed_out` where the server wants a login in
 *   a browser; with `redirect` after too many redirects, and for one that leaves https (from http on this machine, one
 *   to http on this machine is followed)
 */
export async function follow(
  url: URL,
  { accessToken, headers, ...request }: BearerRequest,
  networkFor: (url: URL) => Network,
): Promise<OpenAnswer> {
  let own: LargeRequest['headers'] = { ...headers, authorization: `Bearer ${accessToken}` }
  let at = url
  for (let redirects = 0; ; redirects++) {
    const answer = await open(at, { ...request, headers: own }, networkFor(at))
    const { location } = answer.headers
    if (!isRedirect(answer.status, request.method) || location === undefined) {
      return { ...answer, isElsewhere: at.origin !== url.origin }
    }
    answer.close()
    const next = parseLocation(location, at)
    if (isSignIn(next)) throw signedOutFailure(url)
    if (redirects === MOST_REDIRECTS) throw redirectFailure(url, `more than ${MOST_REDIRECTS} times`)
    if (!isConfidential(next) || (next.protocol === 'http:' && url.protocol !== 'http:')) {
      throw redirectFailure(url, `to ${next.protocol}//${next.host}, where others on the way could change the answer`)
    }
    if (next.origin !== at.origin) own = keepRange(own)
    at = next
  }
}

function keepRange(headers: LargeRequest['headers']): LargeRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name === 'range' || name === 'if-range'))
}

function isRedirect(status: number, method: string): boolean {
  return [301, 302, 303, 307, 308].includes(status) && (method === 'GET' || method === 'HEAD')
}

function parseLocation(location: string, at: URL): URL {
  if (URL.canParse(location, at)) return new URL(location, at)
  throw redirectFailure(at, 'to something that is not a URL')
}

/** Whether people log in there. Such an address answers with a page, and the status of success. */
function isSignIn({ pathname }: URL): boolean {
  return /^\/(account\/)?(signin|sign-in|login|log-in)(\/|$)/i.test(pathname)
}

/** Whether an answer is a page for people, whatever its status says. */
export function isPage({ headers }: OpenAnswer): boolean {
  return /^text\/html\b/i.test(headers['content-type'] ?? '')
}

/** Says that a page to log in came instead of the answer. */
export function signedOutFailure({ host }: URL): Failure {
  return new Failure(`${host} answered with a web page, most likely its login page, instead of what was asked for`, {
    code: 'signed_out',
    hints: [`to find out why: ${COMMAND} doctor`, 'in a network with a login page of its own, log in there first'],
  })
}

function redirectFailure({ host }: URL, where: string): Failure {
  return new Failure(`${host} redirects ${where}`, {
    code: 'redirect',
    hints: ['something stands between this machine and the server, or the server is broken: try again in a while'],
  })
}
