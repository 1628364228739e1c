import { randomUUID } from 'node:crypto'
import { writeAccessToken } from '../../src/tokens/cache.ts'
import { writeRecord } from '../../src/tokens/recordFile.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import type { Home } from './home.ts'

/**
 * What a login leaves in files, without the helper and the browser, which take half a second of the processor: for tests
 * that begin after it. A test of the sandbox holds that the real one leaves the same.
 *
 * @param options.url whose login, if not the sandbox's own
 * @param options.isBearer whether `oauthAuthType` is `bearer`
 */
export async function plantLogin(
  home: Home,
  sandbox: Sandbox,
  options: { url?: string; username?: string; isBearer?: boolean } = {},
): Promise<void> {
  const { url = sandbox.origin, username, isBearer = false } = options
  const { protocol, host } = new URL(url)
  const account = { protocol: protocol.slice(0, -1), host, ...(username === undefined ? {} : { username }) }
  const { consumer, settings } = sandbox.oauth
  const { accessToken, refreshToken } = await sandbox.oauth.grant()
  const obtainedAt = Math.floor(Date.now() / 1000)
  writeRecord(home.data, account, { generation: obtainedAt, clientId: consumer.key, refreshToken })
  const token = {
    isBearer,
    heals: true,
    isShadowed: false,
    accessToken,
    id: randomUUID(),
    grantType: 'authorization_code',
    scopes: settings.scopes.join(' '),
    obtainedAt,
    expiresAt: obtainedAt + settings.accessTokenLifetime,
  } as const
  writeAccessToken(home.runtime, account, token, home.data)
}
