import { isObject, type JsonObject } from '../base/json.ts'

/** What a login leaves, and what lives long. The refresh tokens are secret. */
export type Login = {
  /** The consumer that the refresh token was issued to; it is of no use to another one (RFC 6749, section 6). */
  readonly clientId: string
  readonly refreshToken: string
  /** The one before it, which Bitbucket takes for some minutes more. */
  readonly previous?: ReplacedRefreshToken | undefined
}

export type ReplacedRefreshToken = {
  readonly refreshToken: string
  /** Seconds since 1970. */
  readonly replacedAt: number
}

/** How long a refresh token that was rotated away may still be good: Bitbucket's engineers say ten minutes. Seconds. */
const GRACE_SECONDS = 600

/** The refresh token before this one, where the server may still take it. `now` in seconds since 1970. */
export function findPreviousRefreshToken({ previous }: Login, now: number): string | undefined {
  if (previous === undefined) return undefined
  return Math.abs(now - previous.replacedAt) <= GRACE_SECONDS ? previous.refreshToken : undefined
}

/** The login after a refresh: with the new refresh token, if the server issued one, and the one that was sent. */
export function renewLogin(login: Login, sent: string, refreshToken: string | undefined, now: number): Login {
  if (refreshToken === undefined || refreshToken === sent) return { clientId: login.clientId, refreshToken: sent }
  const previous = { refreshToken: sent, replacedAt: Math.floor(now) }
  return { clientId: login.clientId, refreshToken, previous }
}

/** @returns undefined for what is no whole login */
export function parseLogin({ clientId, refreshToken, previous }: JsonObject): Login | undefined {
  if (typeof clientId !== 'string' || typeof refreshToken !== 'string' || refreshToken === '') return undefined
  return { clientId, refreshToken, previous: parseReplacedRefreshToken(previous) }
}

function parseReplacedRefreshToken(value: unknown): ReplacedRefreshToken | undefined {
  if (!isObject(value)) return undefined
  const { refreshToken, replacedAt } = value
  if (typeof refreshToken !== 'string' || typeof replacedAt !== 'number') return undefined
  return { refreshToken, replacedAt }
}
