import type { Surroundings } from '../base/context.ts'
import { isFailure } from '../base/failure.ts'
import type { Obtained } from '../login/obtain.ts'
import { type AccessToken, isFresh } from '../tokens/accessToken.ts'
import { accountUrl } from '../tokens/account.ts'
import { findAccessToken, findHolders } from '../tokens/cache.ts'
import { parseAttributes } from './attributes.ts'
import { AMONG_OTHERS, formatAnswer, readRequest, type Request } from './credential.ts'

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
export async function answer(operation: string, around: Surroundings): Promise<void> {
  if (around.env[AMONG_OTHERS] !== undefined) return
  switch (operation) {
    case 'get':
      return get(around)
    case 'store':
      return store(around)
    case 'erase':
      return erase(around)
    case 'capability':
      return around.write('version 0\ncapability authtype\ncapability state\n')
    default:
    // A word that git does not have yet.
  }
}

async function get(around: Surroundings): Promise<void> {
  const request = readRequest(parseAttributes(around.read()))
  if (request === undefined) return around.trace("get: no host that can be anybody's")
  around.trace(
    `get for ${accountUrl(request.account)}; git can take ${request.capabilities.join(', ') || 'a password'}`,
  )
  // Git asks once more, as the server has refused what it was answered.
  if (request.answered === undefined) {
    const cached = findAccessToken(await around.findRuntimeDirectory(), request.account)
    if (cached !== undefined && isFresh(cached, around.now())) {
      around.trace(`answered from the cache: token ${cached.id}, good for ${minutesLeft(cached, around.now())} minutes`)
      return around.write(formatAnswer(cached, request, false))
    }
    around.trace(cached === undefined ? 'no token is cached' : `token ${cached.id} is not fresh any more`)
  } else around.trace(`the server has refused token ${request.answered.id}`)
  const obtained = await obtain(request, around)
  if (obtained === undefined) return around.trace('not a host of ours: silence')
  around.trace(
    `answered with token ${obtained.token.id}, good for ${minutesLeft(obtained.token, around.now())} minutes`,
  )
  around.write(formatAnswer(obtained.token, request, obtained.isFinal))
}

async function obtain({ account, answered }: Request, around: Surroundings): Promise<Obtained | undefined> {
  const { obtainToken } = await import('../login/obtain.ts')
  try {
    return await obtainToken(account, around, answered?.id)
  } catch (error) {
    // After a browser, or after our first answer, neither another helper nor git's prompt for a password can help.
    if (isFailure(error) && (error.quits || answered !== undefined)) around.write('quit=1\n')
    throw error
  }
}

/**
 * What we issued is saved already, and what somebody else issued is not ours to keep. But git gives a password to all
 * helpers, and one that is asked before us would serve our token for longer than it lives.
 */
async function store(around: Surroundings): Promise<void> {
  const request = readRequest(parseAttributes(around.read()))
  if (request?.form !== 'password' || !request.accessToken) return
  const { account, accessToken, capabilities, answered } = request
  // A git that keeps a state for us saves us the look into our files.
  const isShadowed = capabilities.includes('state')
    ? answered?.isShadowed
    : findHolders(await around.findRuntimeDirectory(), account, accessToken).some((holder) => holder.isShadowed)
  if (!isShadowed) return around.trace('store: no helper before this one has to forget it')
  const { takeBack } = await import('./eraseElsewhere.ts')
  takeBack(request, accessToken, around)
}

/**
 * Git erases a token that the server refused. With another one than ours it means another helper's; without one, as in
 * `git credential reject` by hand, everything that is kept for the host or the user.
 */
async function erase(around: Surroundings): Promise<void> {
  const request = readRequest(parseAttributes(around.read()))
  if (request === undefined || request.form === 'foreign') return around.trace('erase: not ours')
  const { account, accessToken } = request
  if (accessToken === undefined) {
    around.trace(`erase without a token: all of ${accountUrl(account)} is forgotten`)
    const { forgetLogin } = await import('../login/forget.ts')
    return forgetLogin(account, around, request.isNamed ? 'answering' : 'all')
  }
  const holders = findHolders(await around.findRuntimeDirectory(), account, accessToken)
  if (holders.length === 0) return around.trace('erase: a token that is not ours')
  around.trace(`erase: a token of ${holders.map((holder) => accountUrl(holder.account)).join(', ')}`)
  const { forgetAccessToken } = await import('../login/forget.ts')
  return forgetAccessToken(
    holders.map((holder) => holder.account),
    accessToken,
    around,
  )
}

function minutesLeft({ expiresAt }: AccessToken, now: number): number {
  return Math.floor((expiresAt - now) / 60)
}
