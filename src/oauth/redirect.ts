import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, systemCode } from '../base/failure.ts'
import { type Page, renderPage, strayPage } from './page.ts'

/** The authorization response. The browser that brought it waits for a page. */
export type Redirect = {
  readonly parameters: URLSearchParams
  /** Shows the page. A browser that has gone is no failure. */
  readonly show: (page: Page) => Promise<void>
}

/** Waits on the loopback interface for the browser to come back (RFC 8252, section 7.3). */
export type RedirectListener = {
  /** The configured redirect URI, with the port where the system chose it. */
  readonly redirectUri: string
  /**
   * Waits for the one redirect with this state. Other requests get an error page, and the wait goes on.
   *
   * @param timeLimit in seconds
   * @throws Failure `timeout` when the time is over
   */
  readonly receive: (state: string, timeLimit: number) => Promise<Redirect>
  readonly close: () => void
}

/**
 * Listens at the redirect URI. For the name `localhost` that is 127.0.0.1 and ::1, because browsers choose either. A
 * loopback IP address without a port gets a free port, which Bitbucket accepts for a consumer with such a callback URL.
 *
 * @throws Failure `no_listener` where the port is taken or forbidden
 */
export async function listenForRedirect(redirectUri: string): Promise<RedirectListener> {
  const url = new URL(redirectUri)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isAddress = isIP(host) !== 0
  // url.port would be empty for an explicit 80 as well.
  const isFreePort = isAddress && !/^http:\/\/[^/]*:\d+(\/|$)/.test(redirectUri)
  const port = isFreePort ? 0 : Number(url.port || 80)

  let awaited: { state: string; resolve: (redirect: Redirect) => void } | undefined
  function handle(request: IncomingMessage, response: ServerResponse): void {
    const parameters = readRedirect(request, url)
    if (parameters === undefined) {
      show(response, 404, strayPage()).catch(() => {})
    } else if (awaited === undefined || !isSame(parameters.get('state') ?? '', awaited.state)) {
      show(response, 400, strayPage()).catch(() => {})
    } else {
      // A second redirect with the same state comes from a stranger.
      const { resolve } = awaited
      awaited = undefined
      resolve({ parameters, show: (page) => show(response, 200, page) })
    }
  }

  const servers: Server[] = []
  const close = (): void => {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  }
  try {
    for (const address of isAddress ? [host] : ['127.0.0.1', '::1']) {
      const server = await listen(handle, address, port)
      if (server !== undefined) servers.push(server)
    }
    if (servers.length === 0)
      throw new Failure('this machine has no loopback interface to listen on', { code: 'no_listener' })
  } catch (error) {
    close()
    throw error
  }

  if (isFreePort) url.port = String(portOf(servers))
  return {
    redirectUri: isFreePort ? url.href : redirectUri,
    receive: async (state, timeLimit) => {
      const timer = new AbortController()
      const received = new Promise<Redirect>((resolve) => {
        awaited = { state, resolve }
      })
      const late = sleep(timeLimit * 1000, undefined, { signal: timer.signal }).then(() => {
        throw timeoutFailure(redirectUri, timeLimit)
      })
      try {
        return await Promise.race([received, late])
      } finally {
        awaited = undefined
        timer.abort()
        late.catch(() => {})
      }
    },
    close,
  }
}

const MOST_CONNECTIONS = 32

/** @returns undefined where this machine does not have the address */
async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  address: string,
  port: number,
): Promise<Server | undefined> {
  const server = createServer(handle)
  // A browser needs a few connections. An attacker with hundreds must not use up the descriptors that the exchange needs.
  server.maxConnections = MOST_CONNECTIONS
  try {
    server.listen({ host: address, port, exclusive: true })
    await once(server, 'listening')
    return server
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return undefined
    if (code === 'EADDRINUSE') {
      throw new Failure(`port ${port} on this machine is in use, so the browser could not come back from the login`, {
        code: 'no_listener',
        hints: [
          `finish the login that another window may have open, or end the program that listens there (lsof -i :${port})`,
          "another port: change the consumer's callback URL and oauthRedirectURL in git's configuration, both to the same",
        ],
        cause: error,
      })
    }
    throw new Failure(`this program may not listen on ${address}, port ${port} (${code ?? String(error)})`, {
      code: 'no_listener',
      hints: ['choose another port with oauthRedirectURL, the same in the consumer'],
      cause: error,
    })
  }
}

function portOf(servers: readonly Server[]): number {
  const address = servers[0]?.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** The parameters of a redirect; undefined for any other request, such as a favicon, a scan or a prefetch. */
function readRedirect(request: IncomingMessage, redirectUri: URL): URLSearchParams | undefined {
  if (request.method !== 'GET' || !URL.canParse(request.url ?? '', redirectUri)) return undefined
  const { pathname, searchParams } = new URL(request.url ?? '', redirectUri)
  if (pathname !== redirectUri.pathname) return undefined
  return searchParams.has('code') || searchParams.has('error') ? searchParams : undefined
}

/** Compares in a time that does not depend on where the two differ. */
function isSame(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** How long a browser may take to fetch the page. Milliseconds. */
const PAGE_TIME_LIMIT_MS = 2_000

async function show(response: ServerResponse, status: number, page: Page): Promise<void> {
  if (response.destroyed) return
  const { html, headers } = renderPage(page)
  const closed = once(response, 'close')
  response.writeHead(status, { ...headers, connection: 'close' }).end(html)
  await Promise.race([closed, sleep(PAGE_TIME_LIMIT_MS, undefined, { ref: false })])
}

function timeoutFailure(redirectUri: string, timeLimit: number): Failure {
  return new Failure(`the browser did not come back from the login within ${formatTimeLimit(timeLimit)}`, {
    code: 'timeout',
    hints: [
      `if it showed "Invalid redirect_uri": the consumer's callback URL has to be exactly ${redirectUri}`,
      tunnelHint(redirectUri),
      'to try again, run the command once more',
    ],
  })
}

/** A hint how a browser on another machine can reach this one. */
export function tunnelHint(redirectUri: string): string {
  const port = new URL(redirectUri).port || '80'
  return `if your browser runs on another machine than git: ssh -L ${port}:localhost:${port} HOST lets it come back`
}

export function formatTimeLimit(seconds: number): string {
  return seconds % 60 === 0 && seconds > 60 ? `${seconds / 60} minutes` : `${seconds} seconds`
}
