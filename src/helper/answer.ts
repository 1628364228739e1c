import type { Context } from '../base/context.ts'
import { isFailure } from '../base/failure.ts'
import type { Obtained } from '../login/obtain.ts'
import { type AccessToken, isFresh } from '../tokens/accessToken.ts'
import { accountUrl } from '../tokens/account.ts'
import { findAccessToken, findHolders } from '../tokens/cache.ts'
import { parseAttributes } from './attributes.ts'
import { AMONG_OTHERS, type CredentialRequest, formatAnswer, readCredentialRequest } from './credential.ts'

/** What git asks of a helper. */
export const OPERATIONS = ['get', 'store', 'erase', 'capability']

/**
 * Answers one operation of git's credential protocol. An operation that is unknown, and a host that is not ours, get
 * silence: git asks the next helper.
 *
 * This file and all it imports are the cached path: no process, no lock, nothing loaded. The rest is imported where
 * it is needed.
 *
 * @throws Failure with what to tell the user
 * @see https://git-scm.com/docs/gitcredentials#_custom_helpers
 */
export async function answer(operation: string, context: Context): Promise<void> {
  if (context.env[AMONG_OTHERS] !== undefined) return
  switch (operation) {
    case 'get':
      return get(context)
    case 'store':
      return store(context)
    case 'erase':
      return erase(context)
    case 'capability':
      return context.write('version 0\ncapability authtype\ncapability state\n')
    default:
    // A word that git does not have yet.
  }
}

async function get(context: Context): Promise<void> {
  const request = readCredentialRequest(parseAttributes(context.read()))
  if (request === undefined) return context.trace("get: no host that can be anybody's")
  context.trace(
    `get for ${accountUrl(request.account)}; git can take ${request.capabilities.join(', ') || 'a password'}`,
  )
  // Git asks once more, as the server has refused what it was answered.
  if (request.answered === undefined) {
    const cached = findAccessToken(await context.findRuntimeDirectory(), request.account)
    if (cached !== undefined && isFresh(cached, context.now())) {
      context.trace(
        `answered from the cache: token ${cached.id}, good for ${minutesLeft(cached, context.now())} minutes`,
      )
      return context.write(formatAnswer(cached, request, false))
    }
    context.trace(cached === undefined ? 'no token is cached' : `token ${cached.id} is not fresh any more`)
  } else context.trace(`the server has refused token ${request.answered.id}`)
  const obtained = await obtain(request, context)
  if (obtained === undefined) return context.trace('not a host of ours: silence')
  context.trace(
    `answered with token ${obtained.token.id}, good for ${minutesLeft(obtained.token, context.now())} minutes`,
  )
  context.write(formatAnswer(obtained.token, request, obtained.isFinal))
}

async function obtain({ account, answered }: CredentialRequest, context: Context): Promise<Obtained | undefined> {
  const { obtainToken } = await import('../login/obtain.ts')
  try {
    return await obtainToken(account, context, answered?.id)
  } catch (error) {
    // After a browser, or after our first answer, neither another helper nor git's prompt for a password can help.
    if (isFailure(error) && (error.quits || answered !== undefined)) context.write('quit=1\n')
    throw error
  }
}

/**
 * What we issued is saved already, and what somebody else issued is not ours to keep. But git gives a password to all
 * helpers, and one that is asked before us would serve our token for longer than it lives.
 */
async function store(context: Context): Promise<void> {
  const request = readCredentialRequest(parseAttributes(context.read()))
  if (request?.form !== 'password' || !request.accessToken) return
  const { account, accessToken, capabilities, answered } = request
  // A git that keeps a state for us saves us the look into our files.
  const isShadowed = capabilities.includes('state')
    ? answered?.isShadowed
    : findHolders(await context.findRuntimeDirectory(), account, accessToken).some((holder) => holder.isShadowed)
  if (!isShadowed) return context.trace('store: no helper before this one has to forget it')
  const { eraseElsewhere } = await import('./eraseElsewhere.ts')
  eraseElsewhere(request, accessToken, context)
}

/**
 * Git erases a token that the server refused. With another one than ours it means another helper's; without one, as in
 * `git credential reject` by hand, everything that is kept for the host or the user.
 */
async function erase(context: Context): Promise<void> {
  const request = readCredentialRequest(parseAttributes(context.read()))
  if (request === undefined || request.form === 'foreign') return context.trace('erase: not ours')
  const { account, accessToken } = request
  if (accessToken === undefined) {
    context.trace(`erase without a token: all of ${accountUrl(account)} is forgotten`)
    const { forgetLogin } = await import('../login/forget.ts')
    return forgetLogin(account, context, request.isNamed ? 'answering' : 'all')
  }
  const holders = findHolders(await context.findRuntimeDirectory(), account, accessToken)
  if (holders.length === 0) return context.trace('erase: a token that is not ours')
  context.trace(`erase: a token of ${holders.map((holder) => accountUrl(holder.account)).join(', ')}`)
  const { forgetAccessToken } = await import('../login/forget.ts')
  return forgetAccessToken(
    holders.map((holder) => holder.account),
    accessToken,
    context,
  )
}

function minutesLeft({ expiresAt }: AccessToken, now: number): number {
  return Math.floor((expiresAt - now) / 60)
}
