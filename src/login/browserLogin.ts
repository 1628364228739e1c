import { isatty } from 'node:tty'
import { findBrowser, type OpenBrowser } from '../base/browser.ts'
import type { Surroundings } from '../base/context.ts'
import { Failure, isFailure } from '../base/failure.ts'
import { holdSignals } from '../base/signals.ts'
import { isFalse } from '../git/config.ts'
import { readNetwork } from '../git/network.ts'
import type { Client } from '../oauth/client.ts'
import { type Authorization, exchangeCode, type Granted, startAuthorization } from '../oauth/grants.ts'
import { failurePage, successPage } from '../oauth/page.ts'
import { inWords, listenForRedirect, type Redirect, tunnelHint } from '../oauth/redirect.ts'
import type { AccessToken } from '../tokens/accessToken.ts'
import { isBackgroundFetch } from './backgroundFetch.ts'

export type LoginRequest = {
  readonly client: Client
  /** Who logs in where, for the user. */
  readonly name: string
  /** Values of `credential.<url>.*` by key in lower case. */
  readonly settings: ReadonlyMap<string, string>
  /** Why a login is needed, for the user: a clause in lower case, and what else could be done about it. */
  readonly reason: string
  readonly hints: readonly string[]
  /** For the person in the browser. Seconds. */
  readonly timeLimit: number
  /** Whether a person has typed `login`, and so wants to be asked. */
  readonly isByHand: boolean
  /** What a person types to log in. */
  readonly command: string
  readonly around: Surroundings
  /** Saves what was granted, before the browser is told that all is well; with the second it was asked for. */
  readonly save: (granted: Granted, sent: number) => Promise<AccessToken>
}

/**
 * Logs in with the authorization code grant in the user's browser (RFC 6749, section 4.1; RFC 8252): listen, open,
 * wait for the code, exchange it, save, and only then tell the browser how it went.
 *
 * @throws Failure where nobody may be asked (`login_required`), and where the login came to nothing
 */
export async function login(request: LoginRequest): Promise<AccessToken> {
  const { client, timeLimit, around } = request
  const browser = findBrowser(around.env)
  refuseWhereNobodySits(request, browser)
  const listener = await listenForRedirect(client.redirectUri)
  try {
    around.trace(`listening at ${listener.redirectUri}`)
    const authorization = await startAuthorization(client, listener.redirectUri)
    // Waiting begins before the browser opens: nothing it brings can come too early.
    const redirect = listener.receive(authorization.state, timeLimit)
    await Promise.race([redirect, open(request, authorization, browser)])
    const response = await redirect
    around.trace(`the browser came back with ${response.parameters.has('code') ? 'a code' : 'an error'}`)
    return await complete(request, authorization, response)
  } finally {
    listener.close()
  }
}

async function open(request: LoginRequest, { url }: Authorization, browser: OpenBrowser | undefined): Promise<void> {
  const { client, reason, timeLimit, isByHand, around } = request
  // Whoever has asked for it knows why.
  if (!isByHand) around.tell(reason)
  const way =
    browser === undefined ? 'open this address in a browser' : 'use the browser that opens now, or this address'
  around.tell(`to log in, ${way} (within ${inWords(timeLimit)}; Ctrl-C stops):`)
  around.tell(url.href)
  if (browser === undefined || around.env['SSH_CONNECTION']) around.tell(tunnelHint(client.redirectUri))
  // The address is on the screen, so a browser that does not start is not the end.
  await browser?.(url).catch(() => around.tell('the browser did not start; open the address above by hand'))
}

async function complete(request: LoginRequest, authorization: Authorization, redirect: Redirect): Promise<AccessToken> {
  const { client, name, around, save } = request
  const sent = around.now()
  try {
    const network = readNetwork(client.tokenEndpoint, around.env, around.trace)
    const token = await holdSignals(async () =>
      save(await exchangeCode(client, authorization, redirect.parameters, network), sent),
    )
    await redirect.show(successPage(name))
    around.tell(`logged in to ${name}`)
    return token
  } catch (error) {
    const { message, hints } = isFailure(error) ? error : new Failure('an error in this program; the terminal shows it')
    await redirect.show(failurePage(name, message, hints))
    throw error
  }
}

/**
 * Whatever runs by itself must never find a browser window waiting.
 *
 * @throws Failure `login_required` where nobody may be asked, with the way to be asked
 */
function refuseWhereNobodySits(request: LoginRequest, browser: OpenBrowser | undefined): void {
  const { settings, reason, hints, isByHand, command, around } = request
  const { env } = around
  const refuse = (obstacle: string, wayOut: string): never => {
    throw new Failure(`${reason}; no browser was opened, because ${obstacle}`, {
      code: 'login_required',
      hints: [...hints, wayOut],
    })
  }
  if (!isByHand) {
    const interactive = settings.get('interactive')
    if (isFalse(interactive) || interactive?.toLowerCase() === 'never') {
      refuse('credential.interactive is off', `to log in: ${command}`)
    }
    if (isFalse(env['GIT_TERMINAL_PROMPT'])) refuse('GIT_TERMINAL_PROMPT is off', `to log in: ${command}`)
    if (isBackgroundFetch(process.ppid)) refuse('git fetches in the background', `to log in: ${command}`)
  }
  if (env['CI'] && !isFalse(env['CI'])) {
    refuse('CI is set', `to log in, where somebody sits: env -u CI ${command}`)
  }
  if (browser === undefined && !isatty(2)) {
    refuse('there is neither a display nor a terminal', `to log in, in a terminal: ${command}`)
  }
}
