import { type AccessToken, isValid } from '../tokens/accessToken.ts'
import type { Account } from '../tokens/account.ts'
import { findAccessToken } from '../tokens/cache.ts'
import { answeringAccount } from '../tokens/recordFile.ts'
import type { Storage } from '../tokens/storage.ts'
import { isTokenInKeyring, readKeyringAccessToken } from '../tokens/storedAccessToken.ts'

/** What git would be answered now, fresh or not, without renewing it; a Failure where a keyring that has it does not answer. */
export async function findCurrentToken(
  wanted: Account,
  { data, runtime, keyring }: Pick<Storage, 'data' | 'runtime' | 'keyring'>,
): Promise<AccessToken | undefined> {
  const account = answeringAccount(data, wanted)
  const cached = findAccessToken(runtime, wanted)
  if (cached !== undefined || !isTokenInKeyring({ data, runtime }, account)) return cached
  return readKeyringAccessToken(keyring, account)
}

/** The same as far as it is valid and in a file: a locked keyring may ask a person for its password. */
export function findTokenInFile(wanted: Account, runtime: string, now: number): AccessToken | undefined {
  const token = findAccessToken(runtime, wanted)
  return token !== undefined && isValid(token, now) ? token : undefined
}
