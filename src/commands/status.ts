import type { Arguments } from '../arguments.ts'
import type { Surroundings } from '../surroundings.ts'
import { readAccessToken } from '../tokens/cache.ts'
import { isInKeyring } from '../tokens/keyringRecords.ts'
import { listAccounts, recordPath } from '../tokens/recordFile.ts'
import { type Account, accountName, isValid } from '../tokens/token.ts'

/** `status`: which logins are kept, and where. Asks neither the network nor the keyring, so it disturbs nobody. */
export async function status(_: Arguments, around: Surroundings): Promise<number> {
  const data = await around.findDataDirectory()
  const accounts = listAccounts(data)
  if (accounts.length === 0) {
    around.write('no login is kept: the next git command that needs one asks for it in the browser\n')
    return 4
  }
  const runtime = await around.findRuntimeDirectory()
  for (const account of accounts) {
    around.write(`${accountName(account)}
  login         ${describeLogin(data, account)}
  access token  ${describeAccessToken(runtime, account, around.now())}
`)
  }
  return 0
}

function describeLogin(data: string, account: Account): string {
  return isInKeyring(data, account)
    ? "in the system's keyring"
    : `in a file that only you can read: ${recordPath(data, account)}`
}

function describeAccessToken(runtime: string, account: Account, now: number): string {
  if (isInKeyring(runtime, account)) return "in the system's keyring"
  const token = readAccessToken(runtime, account)
  if (token === undefined || !isValid(token, now)) return 'none; the next git command gets one'
  return `good for ${Math.ceil((token.expiresAt - now) / 60)} minutes`
}
