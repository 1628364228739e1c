import { join } from 'node:path'
import type { Account } from '../src/tokens/account.ts'
import { writeAccessToken } from '../src/tokens/cache.ts'

/** Lays an access token into a cache, as a refresh would. It is good for two hours, or for `lifetime` seconds. */
export function plantToken(
  directory: string,
  account: Account,
  {
    accessToken,
    home,
    lifetime = 7200,
  }: { readonly accessToken: string; readonly home: string; readonly lifetime?: number },
): void {
  const obtainedAt = Math.floor(Date.now() / 1000)
  const token = {
    accessToken,
    id: 'f00d',
    obtainedAt,
    expiresAt: obtainedAt + lifetime,
    grantType: 'refresh_token',
    scopes: 'repository',
    isBearer: false,
    heals: true,
    isShadowed: false,
  } as const
  writeAccessToken(directory, account, token, join(home, 'data'))
}
