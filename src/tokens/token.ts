/** Whom a token record belongs to: a protocol and host as git names them, the host with its port where it has one. */
export type Account = {
  readonly protocol: string
  readonly host: string
}

/** An access token, as it is stored and answered. `accessToken` is secret. */
export type AccessToken = {
  readonly accessToken: string
  /** Seconds since 1970, as git counts. */
  readonly expiresAt: number
}

/** A token with less time left is renewed: a long clone or push should not lose its token half-way. Seconds. */
const MARGIN = 300

/** Whether a token can be answered without a word to the server. `now` in seconds since 1970. */
export function isFresh(token: AccessToken, now: number): boolean {
  return token.expiresAt - now >= MARGIN
}

/** Whether the server may still take a token, though it is time to renew it. `now` in seconds since 1970. */
export function isValid(token: AccessToken, now: number): boolean {
  return token.expiresAt > now
}
