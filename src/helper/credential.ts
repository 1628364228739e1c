import type { AccessToken } from '../tokens/accessToken.ts'
import { type Account, USERNAME } from '../tokens/account.ts'
import { type Attributes, formatAttributes } from './attributes.ts'

/** Set where we have git ask other helpers: one of them may be this one by another name, as in a script. */
export const AMONG_OTHERS = 'GIT_CREDENTIAL_BITBUCKET_OAUTH_AMONG_OTHERS'

/** What git asks a helper for, or tells it. */
export type CredentialRequest = {
  readonly account: Account
  /** Whether git names anybody, be it the name that this helper answers. */
  readonly isNamed: boolean
  /** Of the repository, where `credential.useHttpPath` has git tell it. */
  readonly path: string | undefined
  /** What git announced that it can take (2.46 and later): `authtype`, `state`. */
  readonly capabilities: readonly string[]
  /** How git tells of a secret, in `store` and `erase`; `foreign` is a form that is never ours. */
  readonly form: 'password' | 'bearer' | 'foreign' | 'none'
  /** That secret, in a form that may be ours. */
  readonly accessToken: string | undefined
  /** What this helper has answered before in the same command of git's. */
  readonly answered: Answered | undefined
}

/** What git keeps for us of an answer (`state[]`, 2.46 and later), and brings along with what it does next. */
type Answered = Pick<AccessToken, 'id' | 'isShadowed'> & {
  /** Who was asked for; empty for nobody in particular. */
  readonly username: string
}

/**
 * @returns undefined where git names no host or protocol, or one that can be nobody's: a token is bound to exactly one
 *   of each (CVE-2020-11008)
 */
export function readCredentialRequest({ values, lists }: Attributes): CredentialRequest | undefined {
  const protocol = values.get('protocol')
  const host = values.get('host')
  if (!protocol || !host || !HOST.test(host)) return undefined
  const answered = (lists.get('state[]') ?? []).map((value) => parseState(value)).find((own) => own !== undefined)
  const named = values.get('username')
  // What was answered once comes back as the name of nobody.
  const username = named === USERNAME ? answered?.username : named
  const account = { protocol, host: host.toLowerCase() }
  const form = readForm(values)
  return {
    account: username ? { ...account, username } : account,
    isNamed: !!named,
    path: values.get('path'),
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
 * Beyond ASCII, letters that look alike become the same in lower case: the Kelvin sign a "k". And before an "@" would
 * stand somebody's name.
 */
const HOST = /^[!-.0-?A-~]+$/

function formatState({ id, isShadowed }: AccessToken, { username = '' }: Account): string {
  return `bitbucket-oauth:${id}:${isShadowed ? 1 : 0}:${encodeURIComponent(username)}`
}

/** @returns undefined for the state of another helper: git hands every helper those of all */
function parseState(state: string): Answered | undefined {
  const [, id, shadowed, username = ''] = /^bitbucket-oauth:([\w-]+):([01]):(.*)$/.exec(state) ?? []
  if (id === undefined) return undefined
  try {
    return { id, isShadowed: shadowed === '1', username: decodeURIComponent(username) }
  } catch {
    // It only begins like one of ours.
    return undefined
  }
}

/**
 * The answer to `get`, in the form that the user wants and git can take.
 *
 * A token that was issued before git asked may have been revoked since. Where git can keep a state for us, such an
 * answer is said not to be the last one: after a 401 git asks again in the same command, and brings the state along.
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
  // Capabilities stand first: git passes over what depends on one that it has not read yet.
  if (hasTypes) answer.push(['capability[]', 'authtype'])
  if (hasState) answer.push(['capability[]', 'state'])
  if (hasTypes && token.isBearer) answer.push(['authtype', 'Bearer'], ['credential', token.accessToken])
  else answer.push(['username', USERNAME], ['password', token.accessToken])
  answer.push(['password_expiry_utc', String(token.expiresAt)])
  // No other helper shall keep it.
  if (hasTypes) answer.push(['ephemeral', '1'])
  if (hasState) {
    answer.push(['state[]', formatState(token, account)])
    if (token.heals && !isFinal) answer.push(['continue', '1'])
  }
  return formatAttributes(answer)
}
