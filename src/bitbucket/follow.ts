import { Failure } from '../base/failure.ts'
import { COMMAND } from '../base/program.ts'
import { type LargeRequest, type Network, open, type OpenAnswer } from '../http/http.ts'
import { isConfidential } from '../http/loopback.ts'

/** Bitbucket needs one. Browsers take some twenty, and nobody who means well more than these. */
const MOST_REDIRECTS = 5

/** A request that may be sent to another place than the first one. `accessToken` is secret. */
export type BearerRequest = LargeRequest & { readonly accessToken: string }

/**
 * Sends a request with an access token, and for GET and HEAD goes where the server points. The token, and all other headers
 * that whoever asks has set, go to the first origin only: once another one was asked, none of those.
 *
 * @param networkFor how an origin is reached
 * @throws Failure with the code `unreachable` when there is no answer; with `signed_out` where the server wants a login in
 *   a browser; with `redirect` for a way that is not taken: too long, or not https (nor this machine, where it begins here)
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
    if (redirects === MOST_REDIRECTS) throw notFollowed(url, `more than ${MOST_REDIRECTS} times`)
    if (!isConfidential(next) || (next.protocol === 'http:' && url.protocol !== 'http:')) {
      throw notFollowed(url, `to ${next.protocol}//${next.host}, where anybody on the way could change what comes`)
    }
    if (next.origin !== at.origin) own = {}
    at = next
  }
}

function isRedirect(status: number, method: string): boolean {
  return [301, 302, 303, 307, 308].includes(status) && (method === 'GET' || method === 'HEAD')
}

function parseLocation(location: string, at: URL): URL {
  if (URL.canParse(location, at)) return new URL(location, at)
  throw notFollowed(at, 'to what is no URL')
}

/** Where people log in: it would answer with a page, and the status of success. */
function isSignIn({ pathname }: URL): boolean {
  return /^\/(account\/)?(signin|sign-in|login|log-in)(\/|$)/i.test(pathname)
}

/** Whether an answer is a page for people, whatever its status says. */
export function isPage({ headers }: OpenAnswer): boolean {
  return /^text\/html\b/i.test(headers['content-type'] ?? '')
}

/** What to say where a page to log in comes in the place of what was asked for. */
export function signedOutFailure({ host }: URL): Failure {
  return new Failure(`${host} answers with a page for people, most likely its login, and not with what was asked for`, {
    code: 'signed_out',
    hints: [`to find out why: ${COMMAND} doctor`, 'in a network with a login page of its own, log in there first'],
  })
}

function notFollowed({ host }: URL, where: string): Failure {
  return new Failure(`${host} sends us ${where}`, {
    code: 'redirect',
    hints: ['something stands between this machine and the server, or the server is broken: try again in a while'],
  })
}
