import { AMONG_OTHERS, formatAnswer, readRequest, type Request } from './credential.ts'
import { isFailure } from './failure.ts'
import { parseAttributes } from './git/attributes.ts'
import type { Obtained } from './obtain.ts'
import type { Surroundings } from './surroundings.ts'
import { findAccessToken, findHolders } from './tokens/cache.ts'
import { isFresh } from './tokens/token.ts'

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
  if (request === undefined) return
  // Git asks once more, as the server has refused what it was answered.
  if (request.answered === undefined) {
    const cached = findAccessToken(await around.findRuntimeDirectory(), request.account)
    if (cached !== undefined && isFresh(cached, around.now())) {
      return around.write(formatAnswer(cached, request, false))
    }
  }
  const obtained = await obtain(request, around)
  if (obtained !== undefined) around.write(formatAnswer(obtained.token, request, obtained.isFinal))
}

async function obtain({ account, answered }: Request, around: Surroundings): Promise<Obtained | undefined> {
  const { obtainToken } = await import('./obtain.ts')
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
  if (!isShadowed) return
  const { takeBack } = await import('./takeBack.ts')
  takeBack(request, accessToken, around)
}

/**
 * Git erases a token that the server refused. With another one than ours it means another helper's; without one, as in
 * `git credential reject` by hand, everything that is kept for the host or the user.
 */
async function erase(around: Surroundings): Promise<void> {
  const request = readRequest(parseAttributes(around.read()))
  if (request === undefined || request.form === 'foreign') return
  const { account, accessToken } = request
  if (accessToken === undefined) {
    const { forgetLogin } = await import('./forget.ts')
    return forgetLogin(account, around, request.isNamed)
  }
  const holders = findHolders(await around.findRuntimeDirectory(), account, accessToken)
  if (holders.length === 0) return
  const { forgetAccessToken } = await import('./forget.ts')
  return forgetAccessToken(
    holders.map((holder) => holder.account),
    accessToken,
    around,
  )
}
