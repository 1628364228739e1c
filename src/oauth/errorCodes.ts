/** What the token endpoint answers where it grants nothing (RFC 6749, section 5.2). */
const TOKEN_ERRORS = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
] as const

export type TokenErrorCode = (typeof TOKEN_ERRORS)[number]

/** Whether a word says something about us, rather than about the server's day. */
export function isTokenErrorCode(code: unknown): code is TokenErrorCode {
  return TOKEN_ERRORS.some((known) => known === code)
}

/**
 * Whether the server itself may mean the refresh token. Bitbucket answers `invalid_grant` for a dead one and
 * `unauthorized_client` for one that was rotated away. But it says the latter of a wrong secret as well, which the standard
 * calls `invalid_client`. So a refused refresh token may be good again one day.
 */
export function mayRefuseRefreshToken(code: string | undefined): boolean {
  return code === 'invalid_grant' || mayRefuseClient(code)
}

/** Whether the refusal may be of the consumer itself, so that a login would be refused as well. */
export function mayRefuseClient(code: string | undefined): boolean {
  return code === 'unauthorized_client' || code === 'invalid_client'
}
