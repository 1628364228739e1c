import type { Context } from '../../base/context.ts'
import { Failure } from '../../base/failure.ts'
import { loginCommand } from '../../login/loginCommand.ts'
import { obtainToken } from '../../login/obtain.ts'
import { type AccessToken, isFresh } from '../../tokens/accessToken.ts'
import { type Account, accountName } from '../../tokens/account.ts'
import { findGivenToken } from '../../tokens/givenToken.ts'
import { answeringAccount, hasRecord } from '../../tokens/recordFile.ts'
import { withStorage } from '../../tokens/storage.ts'
import { readAccount, requireKnown } from '../account.ts'
import type { Arguments } from '../arguments.ts'
import { findCurrentToken } from '../currentToken.ts'

/** `token`: prints a valid access token, and with `--expiry` when it ends. */
export async function token(args: Arguments, context: Context): Promise<void> {
  const account = readAccount(args, context.env)
  const { accessToken, expiresAt } = args.has('no-refresh')
    ? (findGivenToken(account, context.env) ?? (await findCached(account, context)))
    : requireKnown(account, await obtainToken(account, context, undefined)).token
  const end = Number.isFinite(expiresAt) ? String(expiresAt) : 'unknown'
  context.write(`${accessToken}\n${args.has('expiry') ? `${end}\n` : ''}`)
}

async function findCached(account: Account, context: Context): Promise<AccessToken> {
  return withStorage(context, async (storage) => {
    const cached = await findCurrentToken(account, storage)
    if (cached !== undefined && isFresh(cached, context.now())) return cached
    const hasLogin = hasRecord(storage.data, answeringAccount(storage.data, account))
    throw new Failure(`no valid access token for ${accountName(account)} is cached`, {
      code: 'login_required',
      hints: [hasLogin ? 'to renew it, leave out --no-refresh' : `to log in: ${loginCommand(account)}`],
    })
  })
}
