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
import { type Account, accountName } from '../tokens/account.ts'
import { isBackgroundFetch } from './backgroundFetch.ts'
import { logoutCommand } from './loginCommand.ts'

export type LoginRequest = {
  readonly client: Client
  readonly account: Account
  /** Values of `credential.<url>.*` by key in lower case. */
  readonly settings: ReadonlyMap<string, string>
  /** Why a login is needed: a clause in lower case, and what else the user could do about it. */
  readonly reason: string
  readonly hints: readonly string[]
  /** How long the person may take in the browser. Seconds. */
  readonly timeLimit: number
  /** Whether a person has typed `login`, and so expects the browser. */
  readonly isByHand: boolean
  /** The command that logs in. */
  readonly command: string
  readonly context: Context
  /** Saves the tokens, before the browser shows success. `sentAt` is in seconds since 1970. */
  readonly save: (response: TokenResponse, sentAt: number) => Promise<AccessToken>
  /** Finds out who has logged in, once the tokens are saved. Fails never, and takes some seconds at most. */
  readonly identify: (token: AccessToken) => Promise<string | undefined>
}

/**
 * Logs in with the authorization code grant in the user's browser (RFC 6749, section 4.1; RFC 8252): listen, open the
 * browser, wait for the code, exchange it, save the tokens, ask who it is, and then show the result in the browser.
 *
 * @throws Failure `login_required` where no person may be asked, and others where the login brought no token
 */
export async function logInWithBrowser(request: LoginRequest): Promise<AccessToken> {
  const { client, timeLimit, context } = request
  const browser = findBrowser(context.env)
  requireAttended(request, browser)
  const listener = await listenForRedirect(client.redirectUri, context.env)
  try {
    context.trace(`listening at ${listener.redirectUri}`)
    // One for the person who reads the terminal, and one for the browser, whose command line every user can read.
    const printed = await startAuthorization(client, listener.redirectUri)
    const handed = await startAuthorization(client, listener.redirectUri)
    const start = listener.offerStart(handed.url, handed.state)
    // The wait begins before the browser opens, so that no redirect comes too early.
    const redirect = listener.receive([printed.state, handed.state], timeLimit)
    await Promise.race([redirect, openAuthorization(request, printed, browser && (() => browser(start)))])
    const response = await redirect
    context.trace(`the browser came back with ${response.parameters.has('code') ? 'a code' : 'an error'}`)
    const isPrinted = response.parameters.get('state') === printed.state
    return await completeLogin(request, isPrinted ? printed : handed, response)
  } finally {
    listener.close()
  }
}

async function openAuthorization(
  request: LoginRequest,
  { url }: Authorization,
  openBrowser: (() => Promise<void>) | undefined,
): Promise<void> {
  const { client, reason, timeLimit, isByHand, context } = request
  // A person who typed the command knows the reason.
  if (!isByHand) context.tell(reason)
  const way =
    openBrowser === undefined ? 'open this address in a browser' : 'use the browser that opens now, or this address'
  context.tell(`to log in, ${way} (within ${formatTimeLimit(timeLimit)}; Ctrl-C stops):`)
  context.tell(url.href)
  if (openBrowser === undefined || context.env['SSH_CONNECTION']) context.tell(tunnelHint(client.redirectUri))
  // The address is on the screen, so the login goes on without the browser.
  await openBrowser?.().catch(() => context.tell('the browser did not start; open the address above by hand'))
}

async function completeLogin(
  request: LoginRequest,
  authorization: Authorization,
  redirect: Redirect,
): Promise<AccessToken> {
  const { client, account, context, save, identify } = request
  const sentAt = context.now()
  try {
    const network = readNetwork(client.tokenEndpoint, context.env, context.trace)
    const token = await holdSignals(async () =>
      save(await exchangeCode(client, authorization, redirect.parameters, network), sentAt),
    )
    const user = await identify(token)
    await redirect.show(successPage(accountName(account), user, logoutCommand(account)))
    context.tell(`logged in to ${accountName(account, user)}`)
    return token
  } catch (error) {
    const { message, hints } = isFailure(error) ? error : new Failure('an error in this program; the terminal shows it')
    await redirect.show(failurePage(accountName(account), message, hints))
    throw error
  }
}

/**
 * A git that runs by itself must never open a browser window.
 *
 * @throws Failure `login_required` where no person may be asked, with the command that logs in
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
    refuse('CI is set', `to log in, where a person sits: env -u CI ${command}`)
  }
  if (browser === undefined && !context.isAttended()) {
    refuse('there is neither a display nor a terminal', `to log in, in a terminal: ${command}`)
  }
}
