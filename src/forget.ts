import { isFailure } from './failure.ts'
import type { Surroundings } from './surroundings.ts'
import { readAccessToken } from './tokens/cache.ts'
import { withLock } from './tokens/lock.ts'
import { hasRecord, removeAllOf, removeRecord } from './tokens/record.ts'
import type { Account } from './tokens/token.ts'

/** A refresh that runs meanwhile takes seconds; a login takes longer, but then the token is on its way out. Seconds. */
const PATIENCE = 10

/**
 * Forgets the access token that the server refused, unless a sibling has renewed it meanwhile. Without a password it
 * forgets the account's login as a whole. For a host that nothing is kept for, nothing happens.
 *
 * @throws Failure where something can't be removed
 */
export async function forgetToken(
  account: Account,
  password: string | undefined,
  { findRuntimeDirectory, findDataDirectory, tell }: Surroundings,
): Promise<void> {
  const runtime = await findRuntimeDirectory()
  const data = await findDataDirectory()
  if (!hasRecord(runtime, account) && !hasRecord(data, account)) return
  try {
    await withLock(data, account, { patience: PATIENCE, tell }, async () => {
      if (password === undefined) {
        removeAllOf(data, account)
        removeAllOf(runtime, account)
      } else if (readAccessToken(runtime, account)?.accessToken === password) {
        removeRecord(runtime, account)
      }
    })
  } catch (error) {
    // Whoever has the lock is getting another token already.
    const isBeingReplaced = password !== undefined && isFailure(error) && error.code === 'locked'
    if (!isBeingReplaced) throw error
  }
}
