import { type Attributes, formatAttributes, parseAttributes } from './git/attributes.ts'
import type { Surroundings } from './surroundings.ts'
import { findAccessToken, findHolders } from './tokens/cache.ts'
import { type AccessToken, type Account, isFresh } from './tokens/token.ts'

/** The username that Bitbucket takes with an access token, whatever name the URL carries. */
const USERNAME = 'x-token-auth'

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
  switch (operation) {
    case 'get':
      return get(around)
    case 'erase':
      return erase(around)
    case 'capability':
      return around.write('version 0\n')
    default:
    // "store" of what we issued is done already, and what somebody else issued is not ours to keep.
  }
}

async function get(around: Surroundings): Promise<void> {
  const account = findAccount(parseAttributes(around.read()))
  if (account === undefined) return
  const cached = findAccessToken(await around.findRuntimeDirectory(), account)
  const token = cached !== undefined && isFresh(cached, around.now()) ? cached : await obtain(account, around)
  if (token !== undefined) around.write(formatAttributes(credential(token)))
}

async function obtain(account: Account, around: Surroundings): Promise<AccessToken | undefined> {
  const { obtainToken } = await import('./obtain.ts')
  return obtainToken(account, around)
}

/**
 * Git erases a token that the server refused. With another password than ours it means another helper's; without one,
 * as in `git credential reject` by hand, everything that is kept for the host or the user.
 */
async function erase(around: Surroundings): Promise<void> {
  const attributes = parseAttributes(around.read())
  const account = findAccount(attributes)
  if (account === undefined) return
  const password = attributes.values.get('password')
  // What another helper answered in another form than ours.
  if (attributes.values.has('credential') || attributes.values.has('authtype')) return
  if (password === undefined) {
    const { forgetLogin } = await import('./forget.ts')
    return forgetLogin(account, around)
  }
  const holders = findHolders(await around.findRuntimeDirectory(), account, password)
  if (holders.length === 0) return
  const { forgetAccessToken } = await import('./forget.ts')
  return forgetAccessToken(holders, password, around)
}

/** A token is bound to one protocol and host; git asking without either asks for nobody's (CVE-2020-11008). */
function findAccount({ values }: Attributes): Account | undefined {
  const protocol = values.get('protocol')
  const host = values.get('host')
  if (!protocol || !host || !HOST.test(host)) return undefined
  const username = values.get('username')
  const account = { protocol, host: host.toLowerCase() }
  // What was answered once comes back as the name of nobody.
  return username && username !== USERNAME ? { ...account, username } : account
}

/**
 * Beyond ASCII, letters that look alike become the same in lower case: the Kelvin sign a "k". And before an "@" would
 * stand somebody's name.
 */
const HOST = /^[!-.0-?A-~]+$/

function credential({ accessToken, expiresAt }: AccessToken): [name: string, value: string][] {
  return [
    ['username', USERNAME],
    ['password', accessToken],
    ['password_expiry_utc', String(expiresAt)],
  ]
}
