import type { Context } from '../../../base/context.ts'
import { readSettings } from '../../../git/config.ts'
import { listKeptAccounts } from '../../../login/forget.ts'
import { forgetConsumerCommand } from '../../../login/loginCommand.ts'
import { readClientId } from '../../../oauth/client.ts'
import { type Account, accountName, accountUrl, defaultAccount } from '../../../tokens/account.ts'
import { forgetClientSecret, listClientIds } from '../../../tokens/clientSecret.ts'
import { withStorage } from '../../../tokens/storage.ts'

/**
 * Forgets the secrets of the consumers of these accounts, unless a login that is kept still needs one. Where the user
 * names no account, forgets the host's other secrets in the file too.
 *
 * @param wanted the account that the user names
 * @param forgotten the accounts that have just been logged out
 * @throws Failure where a secret may be in a keyring that cannot be used just now
 */
export async function forgetConsumer(wanted: Account, forgotten: readonly Account[], context: Context): Promise<void> {
  return withStorage(context, async (storage) => {
    const named = [wanted, ...forgotten].map((account) => findClientId(account, context))
    const others = wanted.username === undefined ? listClientIds(storage.data, wanted) : []
    const left = listKeptAccounts(wanted, storage)
    let isForgotten = false
    for (const clientId of new Set([...named, ...others])) {
      if (clientId === undefined) continue
      const users = left.filter((account) => findClientId(account, context) === clientId)
      if (users.length > 0) {
        context.write(
          `the consumer's secret stays: the login to ${users.map((account) => accountName(account)).join(', ')} needs it\n`,
        )
        return
      }
      isForgotten = (await forgetClientSecret(storage, wanted, clientId)) || isForgotten
    }
    context.write(`${isForgotten ? "the consumer's secret is forgotten too" : 'no secret of a consumer is kept'}\n`)
    if (!readFor(wanted, context).has('oauthclientsecret')) return
    context.tell(
      `git's configuration has the consumer's secret: git config --show-origin --name-only --get-regexp '^credential\\..*oauthclientsecret$'`,
    )
  })
}

/** Tells of a secret in a file that no login needs any more. The keyring is not asked. */
export async function tellOfConsumer(wanted: Account, context: Context): Promise<void> {
  const data = await context.findDataDirectory()
  const left = listKeptAccounts(wanted, { data, runtime: await context.findRuntimeDirectory() })
  if (left.length > 0 || listClientIds(data, wanted).length === 0) return
  context.write(`the consumer's secret stays in a file; to forget it as well: ${forgetConsumerCommand(wanted)}\n`)
}

function findClientId(account: Account, context: Context): string | undefined {
  return readClientId(accountUrl(defaultAccount(account)), readFor(account, context), context.env)
}

function readFor(account: Account, { env }: Context): ReturnType<typeof readSettings> {
  return readSettings('credential', accountUrl(account), env)
}
