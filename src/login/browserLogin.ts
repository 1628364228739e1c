import { findBrowser, type OpenBrowser } from '../base/browser.ts'
import type { Context } from '../base/context.ts'
import { hasControllingTerminal } from '../base/controllingTerminal.ts'
import { mayBeElsewhere } from '../base/elsewhere.ts'
import { Failure, isFailure } from '../base/failure.ts'
import { tellAddress } from '../base/hyperlink.ts'
import { holdSignals } from '../base/signals.ts'
import { isJob, isOff, PROMPTS } from '../base/unattended.ts'
import { readNetwork } from '../git/network.ts'
import { type Authorization, exchangeCode, startAuthorization } from '../oauth/grants.ts'
import { failurePage, successPage } from '../oauth/page.ts'
import { formatTimeLimit, listenForRedirect, type Redirect, tunnelCommand, tunnelHint } from '../oauth/redirect.ts'
import type { AccessToken } from '../tokens/accessToken.ts'
import { accountName } from '../tokens/account.ts'
import { leaveNote } from '../tokens/notes.ts'
import { isBackgroundFetch, watchGit } from './backgroundFetch.ts'
import { loginCommand, logoutCommand } from './loginCommand.ts'
import type { PastedLogin } from './pastedLogin.ts'
import type { Renewal } from './renewal.ts'
import { saveTokens } from './saveTokens.ts'
import { askUser } from './user.ts'

export type LoginRequest = {
  readonly renewal: Renewal
  /** Why a login is needed: a clause in lower case, and what else the user could do about it. */
  readonly reason: string
  readonly hints: readonly string[]
  /** Whether a person has typed `login`, and so expects the browser. */
  readonly isByHand: boolean
}

/**
 * Logs in with the authorization code grant in the user's browser (RFC 6749, section 4.1; RFC 8252): listen, open the
 * browser, wait for the code, exchange it, save the tokens, ask who it is, and then show the result in the browser.
 *
 * @throws Failure `login_required` where no person may be asked, and others where the login brought no token
 */
export async function logInWithBrowser(request: LoginRequest): Promise<AccessToken> {
  const { client, loginTimeLimit, context } = request.renewal
  const browser = findBrowser(context.env)
  requireAttended(request, browser)
  const listener = await listenForRedirect(client.redirectUri, context.env)
  const mayPaste = canPaste(request, browser)
  const watch = new AbortController()
  const gone = watchGit(process.ppid, watch.signal)
  gone.catch(() => {})
  try {
    context.trace(`listening at ${listener.redirectUri}`)
    // One for the person who reads the terminal, and one for the browser, whose command line every user can read.
    const printed = await startAuthorization(client, listener.redirectUri)
    const handed = await startAuthorization(client, listener.redirectUri)
    const start = listener.offerStart(handed.url, handed.state)
    // The wait begins before the browser opens, so that no redirect comes too early.
    const expected = {
      redirectUri: listener.redirectUri,
      states: [printed.state, handed.state],
      address: printed.url.href,
    }
    const redirect = listener.receive(expected.states, loginTimeLimit)
    const begin = openAuthorization(request, printed, browser && (() => browser(start)), mayPaste)
    await Promise.race([redirect, gone, begin])
    // Whichever comes first: the browser itself, or the address where it ended.
    const pasted = mayPaste ? [receivePasted(expected, context, watch.signal)] : []
    const response = await Promise.race([redirect, gone, ...pasted])
    watch.abort()
    context.trace(`the browser came back with ${response.parameters.has('code') ? 'a code' : 'an error'}`)
    const isPrinted = response.parameters.get('state') === printed.state
    return await completeLogin(request.renewal, isPrinted ? printed : handed, response)
  } finally {
    watch.abort()
    listener.close()
  }
}

/** Whether a person sits at a terminal, and the browser may not be able to come back. */
function canPaste({ renewal }: LoginRequest, browser: OpenBrowser | undefined): boolean {
  const { env, isAttended } = renewal.context
  return isAttended() && (browser === undefined || mayBeElsewhere(env)) && hasControllingTerminal()
}

async function receivePasted(expected: PastedLogin, { tell, trace }: Context, signal: AbortSignal): Promise<Redirect> {
  const { askForRedirect } = await import('./pastedLogin.ts')
  const parameters = await askForRedirect(expected, tell, signal)
  trace('the address where the browser ended was pasted')
  // The browser shows that it could not come back; the terminal says what came of it.
  return { parameters, show: async () => {} }
}

async function openAuthorization(
  { renewal, reason, isByHand }: LoginRequest,
  { url }: Authorization,
  openBrowser: (() => Promise<void>) | undefined,
  mayPaste: boolean,
): Promise<void> {
  const { client, loginTimeLimit, context } = renewal
  // A person who typed the command knows the reason.
  if (!isByHand) context.tell(reason)
  const way =
    openBrowser === undefined ? 'open this address in a browser' : 'use the browser that opens now, or this address'
  context.tell(`to log in, ${way} (within ${formatTimeLimit(loginTimeLimit)}; Ctrl-C stops):`)
  tellAddress(url, context)
  if (mayPaste) {
    context.tell(
      `where that browser cannot reach this machine, it ends at an address that begins with ${client.redirectUri}: ` +
        'copy that address, and paste it here',
    )
    context.tell(`or let it come back by itself: ${tunnelCommand(client.redirectUri)}`)
  } else if (openBrowser === undefined || context.env['SSH_CONNECTION']) context.tell(tunnelHint(client.redirectUri))
  // The address is on the screen, so the login goes on without the browser.
  await openBrowser?.().catch(() => context.tell('the browser did not start; open the address above by hand'))
}

async function completeLogin(renewal: Renewal, authorization: Authorization, redirect: Redirect): Promise<AccessToken> {
  const { account, client, storage, context } = renewal
  const name = accountName(account)
  const sentAt = context.now()
  try {
    const network = readNetwork(client.tokenEndpoint, context.env, context.trace)
    const token = await holdSignals(async () => {
      const response = await exchangeCode(client, authorization, redirect.parameters, network)
      const { refreshToken } = response
      const login = refreshToken === undefined ? undefined : { clientId: client.clientId, refreshToken }
      return saveTokens(renewal, response, login, { sentAt, isNew: true })
    })
    // After the tokens are saved: nothing is lost if the answer never comes.
    const user = await askUser(client.apiUrl, token, context)
    if (user !== undefined) leaveNote(storage.data, account, 'user', { name: user })
    await redirect.show(successPage(name, user, logoutCommand(account)))
    context.tell(`logged in to ${accountName(account, user)}`)
    return token
  } catch (error) {
    const { message, hints } = isFailure(error) ? error : new Failure('an error in this program; the terminal shows it')
    await redirect.show(failurePage(accountName(account), message, hints))
    throw error
  }
}

/** A git that runs by itself must never open a browser window. */
function requireAttended(request: LoginRequest, browser: OpenBrowser | undefined): void {
  const { renewal, reason, hints, isByHand } = request
  const { account, settings, context } = renewal
  const { env } = context
  const command = loginCommand(account)
  const refuse = (obstacle: string, wayOut: string): never => {
    throw new Failure(`${reason}; no browser was opened, because ${obstacle}`, {
      code: 'login_required',
      hints: [...hints, wayOut],
    })
  }
  if (!isByHand) {
    const interactive = settings.get('interactive')
    if (isOff(interactive)) refuse('credential.interactive is off', `to log in: ${command}`)
    for (const name of PROMPTS) {
      if (isOff(env[name])) refuse(`${name} is off`, `to log in: ${command}`)
    }
    if (env['VSCODE_GIT_FETCH_SILENT']) refuse('VS Code fetches in the background', `to log in: ${command}`)
    if (isBackgroundFetch(process.ppid)) refuse('git fetches in the background', `to log in: ${command}`)
  }
  if (isJob(env)) {
    refuse('CI is set', `to log in, where a person sits and CI is not set: ${command}`)
  }
  if (browser === undefined && !context.isAttended()) {
    refuse('there is neither a display nor a terminal', `to log in, in a terminal: ${command}`)
  }
}
