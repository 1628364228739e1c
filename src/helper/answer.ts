import type { Context } from '../base/context.ts'
import { isFailure } from '../base/failure.ts'
import type { Obtained } from '../login/obtain.ts'
import { type AccessToken, isFresh } from '../tokens/accessToken.ts'
import { type Account, accountUrl } from '../tokens/account.ts'
import { findAccessToken, findHolders, type Holder } from '../tokens/cache.ts'
import { parseAttributes } from './attributes.ts'
import { ASKED_BY_US, type CredentialRequest, formatAnswer, readCredentialRequest } from './credential.ts'
import { assertNotGiven, findGiven } from './given.ts'

/** The operations of git's credential protocol. */
export const OPERATIONS = ['get', 'store', 'erase', 'capability']

/**
 * Answers one operation of git's credential protocol. An unknown operation and a host that is not ours get no answer:
 * git asks the next helper.
 *
 * This file and all its static imports are the cached path: they start no process, take no lock, and load nothing. The
 * rest is imported where it is needed.
 *
 * @throws Failure for the user
 * @see https://git-scm.com/docs/gitcredentials#_custom_helpers
 */
export async function answer(operation: string, context: Context): Promise<void> {
  if (context.env[ASKED_BY_US] !== undefined) return
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
    // A later git may have more operations.
  }
}

async function get(context: Context): Promise<void> {
  const request = readCredentialRequest(parseAttributes(context.read()))
  if (request === undefined) return context.trace('get: no host, or one that cannot exist')
  context.trace(
    `get for ${accountUrl(request.account)}; git can take ${request.capabilities.join(', ') || 'a password'}`,
  )
  const given = await findGiven(request.account, context.env)
  if (given !== undefined) {
    context.trace('answered with the token that the environment gives')
    return context.write(formatAnswer(given, request, true))
  }
  // With a state, git asks a second time: the server has refused our first answer.
  if (request.answered === undefined) {
    const runtime = await findRuntimeDirectory(context)
    const cached = runtime === undefined ? undefined : findAccessToken(runtime, request.account)
    if (cached !== undefined && isFresh(cached, context.now())) {
      context.trace(`answered from the cache: ${describe(cached, context)}`)
      return context.write(formatAnswer(cached, request, false))
    }
    context.trace(cached === undefined ? 'no token is cached' : `token ${cached.id} is not fresh any more`)
  } else context.trace(`the server has refused token ${request.answered.id}`)
  const obtained = await obtain(request, context)
  if (obtained === undefined) return context.trace('not a host of ours: silence')
  context.trace(`answered with ${describe(obtained.token, context)}`)
  context.write(formatAnswer(obtained.token, request, obtained.isFinal))
}

async function obtain({ account, answered }: CredentialRequest, context: Context): Promise<Obtained | undefined> {
  if (answered === undefined) {
    const { awaitRenewal } = await import('../tokens/renewalMark.ts')
    const token = await awaitRenewal(account, context)
    if (token !== undefined) return { token, isFinal: false }
  }
  const { obtainToken } = await import('../login/obtain.ts')
  try {
    return await obtainToken(account, context, answered?.id)
  } catch (error) {
    // After a browser or a first answer of ours, no other helper and no prompt for a password can help.
    if (isFailure(error) && (error.quits || answered !== undefined)) context.write('quit=1\n')
    throw error
  }
}

/**
 * Keeps nothing: our own tokens are saved already, and other passwords are not ours. But git gives our token to all
 * helpers, and a helper that git asks before us would answer with it after it has ended.
 */
async function store(context: Context): Promise<void> {
  const request = readCredentialRequest(parseAttributes(context.read()))
  if (request?.form !== 'password' || !request.accessToken) return
  const { account, accessToken, capabilities, answered } = request
  // Where git keeps a state for us, we need not look into our files.
  const isShadowed = capabilities.includes('state')
    ? answered?.isShadowed
    : (await listHolders(account, accessToken, context)).some((holder) => holder.isShadowed)
  if (!isShadowed) return context.trace('store: no helper before this one has to forget it')
  const { eraseElsewhere } = await import('./eraseElsewhere.ts')
  eraseElsewhere(request, accessToken, context)
}

/**
 * Forgets the token that the server refused. A token that is not ours is another helper's. Without a token, as in `git
 * credential reject` by hand, git means everything that is kept for the host or the user.
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
  await assertNotGiven(account, accessToken, context.env)
  const holders = await listHolders(account, accessToken, context)
  if (holders.length === 0) return context.trace('erase: a token that is not ours')
  const owners = holders.map((holder) => holder.account)
  context.trace(`erase: a token of ${owners.map(accountUrl).join(', ')}`)
  const { forgetAccessToken } = await import('../login/forget.ts')
  return forgetAccessToken(owners, accessToken, context)
}

/** Where no place is known, nothing is kept: the token of a machine without a home is the consumer's own. */
async function findRuntimeDirectory(context: Context): Promise<string | undefined> {
  return context.findRuntimeDirectory().catch(() => undefined)
}

async function listHolders(account: Account, accessToken: string, context: Context): Promise<Holder[]> {
  const runtime = await findRuntimeDirectory(context)
  return runtime === undefined ? [] : findHolders(runtime, account, accessToken)
}

function describe({ id, expiresAt }: AccessToken, { now }: Context): string {
  return `token ${id}, good for ${Math.floor((expiresAt - now()) / 60)} minutes`
}
