import { isObject, type JsonObject } from '../base/json.ts'
import type { Store } from './storage.ts'

/** What a login leaves for long. The refresh tokens are secret. */
export type Login = {
  /** The consumer that got the refresh token. No other one can use it (RFC 6749, section 6). */
  readonly clientId: string
  readonly refreshToken: string
  /** The refresh token before, which Bitbucket takes for some minutes more. */
  readonly previous?: Replaced | undefined
}

/** `replacedAt` is in seconds since 1970. */
type Replaced = { readonly refreshToken: string; readonly replacedAt: number }

/** A login with its place. */
export type StoredLogin = {
  readonly login: Login
  readonly place: Place
  /** Grows with each save, whatever the clocks say: of two logins it tells the newer one. */
  readonly generation: number
}

/** Where a login is: in one of the stores, or in the file for one that no store takes. */
export type Place = Store | 'rescue'

/** A refresh token that was rotated away may be good for so long: Bitbucket's engineers say ten minutes. Seconds. */
const GRACE_SECONDS = 600

/** The refresh token before, if the server may still take it. `now` is in seconds since 1970. */
export function findPreviousRefreshToken({ previous }: Login, now: number): string | undefined {
  if (previous === undefined) return undefined
  return Math.abs(now - previous.replacedAt) <= GRACE_SECONDS ? previous.refreshToken : undefined
}

/** The login after a refresh, with the new refresh token, if the server issued one, and the one that was sent. */
export function renewLogin(login: Login, sent: string, refreshToken: string | undefined, now: number): Login {
  if (refreshToken === undefined || refreshToken === sent) return { clientId: login.clientId, refreshToken: sent }
  const previous = { refreshToken: sent, replacedAt: Math.floor(now) }
  return { clientId: login.clientId, refreshToken, previous }
}

/** @returns undefined where a member is missing */
export function parseLogin({ clientId, refreshToken, previous }: JsonObject): Login | undefined {
  if (typeof clientId !== 'string' || typeof refreshToken !== 'string' || refreshToken === '') return undefined
  return { clientId, refreshToken, previous: parseReplaced(previous) }
}

function parseReplaced(value: unknown): Replaced | undefined {
  if (!isObject(value)) return undefined
  const { refreshToken, replacedAt } = value
  if (typeof refreshToken !== 'string' || typeof replacedAt !== 'number') return undefined
  return { refreshToken, replacedAt }
}
