/** An access token, as it is stored and answered. `accessToken` is secret. */
export type AccessToken = AnswerForm & {
  readonly accessToken: string
  /** Names the token where it must not be shown. */
  readonly id: string
  /** How it was obtained (RFC 6749, sections 4.1.3 and 6). */
  readonly grantType: 'authorization_code' | 'refresh_token'
  /** By this machine's clock: a clock that shows less was put back since. Seconds since 1970. */
  readonly obtainedAt: number
  /** Seconds since 1970, as git counts. */
  readonly expiresAt: number
  /** What it may do, in the server's words, separated by blanks; undefined where the server did not say. */
  readonly scopes: string | undefined
}

/**
 * How git is answered, by what was configured when the token was issued: to ask git for it each time would take as long
 * as all the rest.
 */
export type AnswerForm = {
  /** As a Bearer token (RFC 6750) where git can take one, and not as a password. */
  readonly isBearer: boolean
  /** Whether a token that the server refuses is replaced in the same command, where git can ask twice. */
  readonly heals: boolean
  /** Whether git asks other helpers before this one. */
  readonly isShadowed: boolean
}

/** A token with less time left is renewed: a long clone or push should not lose its token half-way. Seconds. */
const MARGIN = 300

/** By so much a clock may be put back without meaning anything: time servers do it. Seconds. */
const CLOCK_TOLERANCE = 60

/**
 * A token that was just issued. A clock that goes ahead of the server's may be set right while the token lives, which
 * then seems younger than it is: its life is cut by as much, but not by more than half, as the clock may stay wrong
 * too, and no token should end at once.
 *
 * @param issue.sent when it was asked for, by this machine's clock: its life is counted from the earliest moment
 * @param issue.expiresIn seconds
 * @param issue.serverTime the server's clock; all times in seconds since 1970
 */
export function issueToken(
  token: Omit<AccessToken, 'obtainedAt' | 'expiresAt'>,
  issue: { readonly sent: number; readonly expiresIn: number; readonly serverTime: number | undefined },
): AccessToken {
  const { sent, expiresIn, serverTime } = issue
  const difference = serverTime === undefined ? 0 : sent - serverTime
  const ahead = difference > CLOCK_TOLERANCE ? difference : 0
  const obtainedAt = Math.floor(sent)
  return { ...token, obtainedAt, expiresAt: obtainedAt + Math.ceil(expiresIn - Math.min(ahead, expiresIn / 2)) }
}

/** Whether a token can be answered without a word to the server. `now` in seconds since 1970. */
export function isFresh(token: AccessToken, now: number): boolean {
  const margin = Math.min(MARGIN, (token.expiresAt - token.obtainedAt) / 2)
  return isValid(token, now) && token.expiresAt - now >= margin
}

/** So short a time after it was issued, what the server says of a token it would say of the next one too. Seconds. */
const AT_ONCE = 30

/** Whether a token was issued so short a while ago that hardly anybody has revoked it since. `now` in seconds since 1970. */
export function wasJustIssued({ obtainedAt }: AccessToken, now: number): boolean {
  return Math.abs(now - obtainedAt) <= AT_ONCE
}

/** Whether the server may still take a token, though it is time to renew it. `now` in seconds since 1970. */
export function isValid(token: AccessToken, now: number): boolean {
  return token.expiresAt > now && token.obtainedAt - CLOCK_TOLERANCE <= now
}
