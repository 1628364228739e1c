/** An access token as it is stored. `accessToken` is secret. */
export type AccessToken = AnswerForm & {
  readonly accessToken: string
  /** Stands for the token where that must not be shown. */
  readonly id: string
  /** How it was obtained (RFC 6749, sections 4.1.3, 4.4 and 6), or that the environment gave it. */
  readonly grantType: 'authorization_code' | 'client_credentials' | 'refresh_token' | 'given'
  /** By this machine's clock. If the clock shows less, it was set back since. Seconds since 1970. */
  readonly obtainedAt: number
  /** Seconds since 1970, as git counts. Infinity where nothing tells. */
  readonly expiresAt: number
  /** What it may do, in the server's words, separated by blanks; undefined where the server did not say. */
  readonly scopes: string | undefined
}

/**
 * The form of the answer to git, as it was configured when the token was issued. To ask git for the settings each time
 * would take as long as all the rest.
 */
export type AnswerForm = {
  /** Whether git gets a Bearer token (RFC 6750) where it can take one, instead of a password. */
  readonly isBearer: boolean
  /** Whether a token that the server refuses is replaced in the same command, where git can ask twice. */
  readonly heals: boolean
  /** Whether git asks other helpers before this one. */
  readonly isShadowed: boolean
}

/** A token with less time left is renewed, so that a long clone or push does not lose it half-way. Seconds. */
const MARGIN = 300

/** Time servers may set a clock back by so much. Seconds. */
const CLOCK_TOLERANCE = 60

/**
 * A token that was just issued. Where our clock is ahead of the server's, the token's life is cut by the difference:
 * somebody may set the clock right while the token lives, and it would then seem younger than it is. The life is cut by
 * half at most, because the clock may also stay wrong.
 *
 * @param issue.sent when the request was sent, by this machine's clock, in seconds since 1970
 * @param issue.expiresIn in seconds
 * @param issue.serverTime the server's time, in seconds since 1970
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

/** Whether git can be answered with a token, without any request. `now` is in seconds since 1970. */
export function isFresh(token: AccessToken, now: number): boolean {
  const margin = Math.min(MARGIN, (token.expiresAt - token.obtainedAt) / 2)
  return isValid(token, now) && token.expiresAt - now >= margin
}

/** If the server refuses a token that is no older, it would refuse a new one as well. */
const JUST_ISSUED_SECONDS = 30

/** Whether a token is so new that hardly anybody has revoked it. `now` is in seconds since 1970. */
export function wasJustIssued({ obtainedAt }: AccessToken, now: number): boolean {
  return Math.abs(now - obtainedAt) <= JUST_ISSUED_SECONDS
}

/** Whether the server may still take a token, even if it is time to renew it. `now` is in seconds since 1970. */
export function isValid(token: AccessToken, now: number): boolean {
  return token.expiresAt > now && token.obtainedAt - CLOCK_TOLERANCE <= now
}
