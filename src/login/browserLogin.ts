import { findBrowser, type OpenBrowser } from '../base/browser.ts'
import type { Context } from '../base/context.ts'
import { Failure, isFailure } from '../base/failure.ts'
import { holdSignals } from '../base/signals.ts'
import { isFalse } from '../git/config.ts'
import { readNetwork } from '../git/network.ts'
import type { Client } from '../oauth/client.ts'
import { type Authorization, exchangeCode, startAuthorization, type TokenResponse } from '../oauth/grants.ts'
import { failurePage, successPage } from '../oauth/page.ts'
import { formatTimeLimit, listenForRedirect, type Redirect, tunnelHint } from '../oauth/redirect.ts'
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
  readonly context: Context
  /** Saves what was granted, before the browser is told that all is well; with the second it was asked for. */
  readonly save: (tokenResponse: TokenResponse, sent: number) => Promise<AccessToken>
}

/**
 * Logs in with the authorization code grant in the user's browser (RFC 6749, section 4.1; RFC 8252): listen, open,
 * wait for the code, exchange it, save, and only then tell the browser how it went.
 *
 * @throws Failure where nobody may be asked (`login_required`), and where the login came to nothing
 */
export async function logInWithBrowser(request: LoginRequest): Promise<AccessToken> {
  const { client, timeLimit, context } = request
  const browser = findBrowser(context.env)
  requireAttended(request, browser)
  const listener = await listenForRedirect(client.redirectUri)
  try {
    context.trace(`listening at ${listener.redirectUri}`)
    const authorization = await startAuthorization(client, listener.redirectUri)
    // Waiting begins before the browser opens: nothing it brings can come too early.
    const redirect = listener.receive(authorization.state, timeLimit)
    await Promise.race([redirect, openAuthorization(request, authorization, browser)])
    const response = await redirect
    context.trace(`the browser came back with ${response.parameters.has('code') ? 'a code' : 'an error'}`)
    return await completeLogin(request, authorization, response)
  } finally {
    listener.close()
  }
}

async function openAuthorization(
  request: LoginRequest,
  { url }: Authorization,
  browser: OpenBrowser | undefined,
): Promise<void> {
  const { client, reason, timeLimit, isByHand, context } = request
  // Whoever has asked for it knows why.
  if (!isByHand) context.tell(reason)
  const way =
    browser === undefined ? 'open this address in a browser' : 'use the browser that opens now, or this address'
  context.tell(`to log in, ${way} (within ${formatTimeLimit(timeLimit)}; Ctrl-C stops):`)
  context.tell(url.href)
  if (browser === undefined || context.env['SSH_CONNECTION']) context.tell(tunnelHint(client.redirectUri))
  // The address is on the screen, so a browser that does not start is not the end.
  await browser?.(url).catch(() => context.tell('the browser did not start; open the address above by hand'))
}

async function completeLogin(
  request: LoginRequest,
  authorization: Authorization,
  redirect: Redirect,
): Promise<AccessToken> {
  const { client, name, context, save } = request
  const sent = context.now()
  try {
    const network = readNetwork(client.tokenEndpoint, context.env, context.trace)
    const token = await holdSignals(async () =>
      save(await exchangeCode(client, authorization, redirect.parameters, network), sent),
    )
    await redirect.show(successPage(name))
    context.tell(`logged in to ${name}`)
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
function requireAttended(request: LoginRequest, browser: OpenBrowser | undefined): void {
  const { settings, reason, hints, isByHand, command, context } = request
  const { env } = context
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
  if (browser === undefined && !context.isAttended()) {
    refuse('there is neither a display nor a terminal', `to log in, in a terminal: ${command}`)
  }
}
