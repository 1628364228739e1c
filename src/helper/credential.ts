import type { AccessToken } from '../tokens/accessToken.ts'
import { type Account, USERNAME } from '../tokens/account.ts'
import { type Attributes, formatAttributes } from './attributes.ts'

/** Set while git asks other helpers for us. One of them may be this program under another name, as in a script. */
export const ASKED_BY_US = 'GIT_CREDENTIAL_BITBUCKET_OAUTH_AMONG_OTHERS'

/** A request of git's. */
export type CredentialRequest = {
  readonly account: Account
  /** Whether git names a user, which may be the username that this helper answers. */
  readonly isNamed: boolean
  /** The repository's, where `credential.useHttpPath` is set. */
  readonly path: string | undefined
  /** What git announced (2.46 and later): `authtype`, `state`. */
  readonly capabilities: readonly string[]
  /** The form of the secret in `store` and `erase`. A `foreign` form is never ours. */
  readonly form: 'password' | 'bearer' | 'foreign' | 'none'
  /** The secret, in a form that may be ours. */
  readonly accessToken: string | undefined
  /** What this helper has answered before, in the same command of git's. */
  readonly answered: Answered | undefined
}

/** What git keeps of our answer (`state[]`, 2.46 and later), and sends along with its next request. */
type Answered = Pick<AccessToken, 'id' | 'isShadowed'> & {
  /** The username of the request; empty where it named none. */
  readonly username: string
}

/**
 * @returns undefined where git names no protocol, no host, or a host that cannot exist: a token is bound to exactly one
 *   of each (CVE-2020-11008)
 */
export function readCredentialRequest({ values, lists }: Attributes): CredentialRequest | undefined {
  const protocol = values.get('protocol')
  const host = values.get('host')
  if (!protocol || !host || !HOST.test(host)) return undefined
  const answered = (lists.get('state[]') ?? []).map((value) => parseState(value)).find((own) => own !== undefined)
  const named = values.get('username')
  // The username that we answer comes back, and stands for no account.
  const username = named === USERNAME ? answered?.username : named
  const path = values.get('path')
  const contextPath = path === undefined ? undefined : CONTEXT_PATH.exec(path)?.[1]
  const server = { protocol, host: host.toLowerCase() }
  const account = contextPath === undefined ? server : { ...server, contextPath: `/${contextPath}` }
  const form = readForm(values)
  return {
    account: username ? { ...account, username } : account,
    isNamed: !!named,
    path,
    capabilities: lists.get('capability[]') ?? [],
    form,
    accessToken:
      form === 'bearer' ? values.get('credential') : form === 'password' ? values.get('password') : undefined,
    answered,
  }
}

function readForm(values: Attributes['values']): CredentialRequest['form'] {
  if (!values.has('authtype') && !values.has('credential')) return values.has('password') ? 'password' : 'none'
  return values.get('authtype')?.toLowerCase() === 'bearer' && values.has('credential') ? 'bearer' : 'foreign'
}

/**
 * ASCII only: beyond it, different letters become the same in lower case, such as the Kelvin sign and "k". No "@" either:
 * a username would stand before it.
 */
const HOST = /^[!-.0-?A-~]+$/

/**
 * What comes before `scm/` in a repository's path is the path of a Data Center below its host. Git sends a repository's path
 * where `credential.useHttpPath` is set.
 */
const CONTEXT_PATH = /^([\w~-][\w.~-]*(?:\/[\w~-][\w.~-]*)*?)\/scm\/[^/]/

function formatState({ id, isShadowed }: AccessToken, { username = '' }: Account): string {
  return `bitbucket-oauth:${id}:${isShadowed ? 1 : 0}:${encodeURIComponent(username)}`
}

/** @returns undefined for the state of another helper: git sends all states to all helpers */
function parseState(state: string): Answered | undefined {
  const [, id, shadowed, username = ''] = /^bitbucket-oauth:([\w-]+):([01]):(.*)$/.exec(state) ?? []
  if (id === undefined) return undefined
  try {
    return { id, isShadowed: shadowed === '1', username: decodeURIComponent(username) }
  } catch {
    // It only looks like one of ours.
    return undefined
  }
}

/**
 * The answer to `get`, in the form that the user wants and git can take.
 *
 * A cached token may have been revoked. Where git can keep a state for us, the answer says that it is not the last one:
 * after a 401 git asks again in the same command, and sends the state along.
 *
 * @param isFinal whether another token would be no better
 * @see https://git-scm.com/docs/git-credential#IOFMT
 */
export function formatAnswer(
  token: AccessToken,
  { account, capabilities }: CredentialRequest,
  isFinal: boolean,
): string {
  const hasTypes = capabilities.includes('authtype')
  const hasState = capabilities.includes('state')
  const answer: [name: string, value: string][] = []
  // Capabilities come first: git ignores an attribute whose capability it has not read yet.
  if (hasTypes) answer.push(['capability[]', 'authtype'])
  if (hasState) answer.push(['capability[]', 'state'])
  if (hasTypes && token.isBearer) answer.push(['authtype', 'Bearer'], ['credential', token.accessToken])
  else answer.push(['username', USERNAME], ['password', token.accessToken])
  if (Number.isFinite(token.expiresAt)) answer.push(['password_expiry_utc', String(token.expiresAt)])
  // Other helpers shall not keep it.
  if (hasTypes) answer.push(['ephemeral', '1'])
  if (hasState) {
    answer.push(['state[]', formatState(token, account)])
    if (token.heals && !isFinal) answer.push(['continue', '1'])
  }
  return formatAttributes(answer)
}
