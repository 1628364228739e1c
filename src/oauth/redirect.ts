import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../base/failure.ts'
import { PROGRAM } from '../base/program.ts'
import { closeListeners, listenOn, type Listening } from './listen.ts'
import { type Page, renderPage, strayPage } from './page.ts'

/** The authorization response. The browser that brought it waits for a page. */
export type Redirect = {
  readonly parameters: URLSearchParams
  /**
   * Leads the browser on to an address without code and state, so that neither stays in its history, and shows the page
   * there. A browser that has gone is no failure.
   */
  readonly show: (page: Page) => Promise<void>
}

/** Waits on the loopback interface for the browser to come back (RFC 8252, section 7.3). */
export type RedirectListener = {
  /** The configured redirect URI, with the port where the system chose it. */
  readonly redirectUri: string
  /**
   * An address that leads a browser on to another one, once, and marks it with a cookie. The browser's command line, which
   * every user of the machine can read, then names nothing that is worth having.
   */
  readonly offerStart: (target: URL, state: string) => URL
  /**
   * Waits for the one redirect with one of these states. If the state belongs to a start address, the redirect has to bring
   * its cookie. Other requests get an error page, and the wait goes on.
   *
   * @param timeLimit in seconds
   * @throws Failure `timeout` when the time is over, `start_taken` where a start address is asked for twice
   */
  readonly receive: (states: readonly string[], timeLimit: number) => Promise<Redirect>
  readonly close: () => void
}

type Start = {
  readonly path: string
  readonly target: URL
  readonly state: string
  readonly cookie: string
  isUsed: boolean
}

type Awaited = {
  readonly states: readonly string[]
  readonly resolve: (redirect: Redirect) => void
  readonly reject: (failure: Failure) => void
}

/**
 * Listens at the redirect URI. For the name `localhost` that is 127.0.0.1 and ::1, because browsers choose either. A
 * loopback IP address without a port gets a free port, which Bitbucket accepts for a consumer with such a callback URL.
 *
 * @throws Failure `no_listener` where the port is taken or forbidden
 */
export async function listenForRedirect(redirectUri: string, env: NodeJS.ProcessEnv): Promise<RedirectListener> {
  const result = { path: randomPath('done'), show: undefined as ((response: ServerResponse) => void) | undefined }
  let awaited: Awaited | undefined
  let start: Start | undefined

  const listening: Listening = await listenOn(redirectUri, env, (request, response) => {
    const url = readUrl(request, redirectUri)
    if (url === undefined) return turnAway(response, 404)
    if (url.pathname === start?.path) return begin(start, response)
    if (url.pathname === result.path && result.show !== undefined) return result.show(response)
    if (!isRedirect(url, redirectUri)) return turnAway(response, 404)
    const state = awaited?.states.find((known) => isSame(url.searchParams.get('state') ?? '', known))
    if (awaited === undefined || state === undefined || !hasCookie(request, start, state)) {
      return turnAway(response, 400)
    }
    // A second redirect with the same state comes from a stranger.
    const { resolve } = awaited
    awaited = undefined
    resolve({ parameters: url.searchParams, show: (page) => leadOn(response, page) })
  })

  /** The first browser is led on. Where there is a second one, the first may have been another user's. */
  function begin(offered: Start, response: ServerResponse): void {
    if (!offered.isUsed) {
      offered.isUsed = true
      const cookie = `${PROGRAM}=${offered.cookie}; Path=/; HttpOnly; SameSite=Lax`
      send(response, 303, { location: offered.target.href, 'set-cookie': cookie })
      return
    }
    turnAway(response, 400)
    awaited?.reject(startTakenFailure())
  }

  /** The answer waits until the page is fetched, or no browser is there to fetch it. */
  async function leadOn(response: ServerResponse, page: Page): Promise<void> {
    if (response.destroyed) return
    const shown = new Promise<void>((resolve) => {
      result.show = (second) => {
        result.show = undefined
        second.once('close', resolve)
        showPage(second, 200, page)
      }
    })
    send(response, 303, { location: result.path })
    await Promise.race([shown, sleep(PAGE_TIME_LIMIT_MS, undefined, { ref: false })])
  }

  return {
    redirectUri: listening.redirectUri,
    offerStart: (target, state) => {
      start = { path: randomPath('login'), target, state, cookie: randomBytes(16).toString('hex'), isUsed: false }
      return new URL(start.path, listening.redirectUri)
    },
    receive: async (states, timeLimit) => {
      const timer = new AbortController()
      const received = new Promise<Redirect>((resolve, reject) => {
        awaited = { states, resolve, reject }
      })
      // The servers keep the process alive: it ends with them.
      const late = sleep(timeLimit * 1000, undefined, { signal: timer.signal, ref: false }).then(() => {
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
    close: () => closeListeners(listening),
  }
}

function randomPath(name: string): string {
  return `/${name}/${randomBytes(16).toString('hex')}`
}

/** @returns undefined for a request that no browser makes for a page */
function readUrl(request: IncomingMessage, redirectUri: string): URL | undefined {
  if (request.method !== 'GET' || !URL.canParse(request.url ?? '', redirectUri)) return undefined
  return new URL(request.url ?? '', redirectUri)
}

/** Whether a request has the form of a redirect. A favicon, a scan and a prefetch do not. */
function isRedirect({ pathname, searchParams }: URL, redirectUri: string): boolean {
  return pathname === new URL(redirectUri).pathname && (searchParams.has('code') || searchParams.has('error'))
}

function hasCookie(request: IncomingMessage, start: Start | undefined, state: string): boolean {
  if (start === undefined || state !== start.state) return true
  const cookies = (request.headers.cookie ?? '').split(/; */)
  return cookies.some((cookie) => isSame(cookie, `${PROGRAM}=${start.cookie}`))
}

/** Compares in a time that does not depend on where the two differ. */
function isSame(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** How long a browser may take to fetch the page, on a busy machine too. Milliseconds. */
const PAGE_TIME_LIMIT_MS = 10_000

function turnAway(response: ServerResponse, status: number): void {
  showPage(response, status, strayPage())
}

function showPage(response: ServerResponse, status: number, page: Page): void {
  const { html, headers } = renderPage(page)
  send(response, status, headers, html)
}

function send(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, body = ''): void {
  const always = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', connection: 'close' }
  response.writeHead(status, { ...always, ...headers }).end(body)
}

function startTakenFailure(): Failure {
  return new Failure('the address that opens the login was opened twice, so another user may have opened it first', {
    code: 'start_taken',
    hints: ['run the command again; if it happens again, open the other address that it prints, by hand'],
  })
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
  return `if your browser runs on another machine than git: ${tunnelCommand(redirectUri)} lets it come back`
}

/** What forwards the port on a person's own machine to the one that git is on. */
export function tunnelCommand(redirectUri: string): string {
  const port = new URL(redirectUri).port || '80'
  return `ssh -L ${port}:localhost:${port} HOST`
}

export function formatTimeLimit(seconds: number): string {
  return seconds % 60 === 0 && seconds > 60 ? `${seconds / 60} minutes` : `${seconds} seconds`
}
