import type { Surroundings } from '../../../base/context.ts'
import { readSettings } from '../../../git/config.ts'
import { listKept } from '../../../login/forget.ts'
import { forgetConsumerCommand } from '../../../login/loginCommand.ts'
import { readClientId } from '../../../oauth/client.ts'
import { type Account, accountName, accountUrl, defaultAccount } from '../../../tokens/account.ts'
import { forgetClientSecret, listClientIds } from '../../../tokens/clientSecret.ts'
import { openPlaces } from '../../../tokens/storage.ts'

/**
 * Forgets the secrets of the consumers that these accounts have, unless a login that is kept still needs one; where no
 * account is named, all that are kept in the file for the host as well.
 *
 * @param wanted whom the user names
 * @param forgotten whose logins have just been forgotten
 * @throws Failure where one may be in a keyring that cannot be used just now
 */
export async function forgetConsumer(
  wanted: Account,
  forgotten: readonly Account[],
  around: Surroundings,
): Promise<void> {
  const places = await openPlaces(around)
  try {
    const named = [wanted, ...forgotten].map((account) => findClientId(account, around))
    const others = wanted.username === undefined ? listClientIds(places.data, wanted) : []
    const left = listKept(wanted, places)
    let isForgotten = false
    for (const clientId of new Set([...named, ...others])) {
      if (clientId === undefined) continue
      const users = left.filter((account) => findClientId(account, around) === clientId)
      if (users.length > 0) {
        around.write(`the consumer's secret stays, as it is needed for ${users.map(accountName).join(', ')}\n`)
        return
      }
      isForgotten = (await forgetClientSecret(places, wanted, clientId)) || isForgotten
    }
    around.write(`${isForgotten ? "the consumer's secret is forgotten too" : 'no secret of a consumer is kept'}\n`)
    if (!readFor(wanted, around).has('oauthclientsecret')) return
    around.tell(
      `git's configuration has the consumer's secret: git config --show-origin --name-only --get-regexp '^credential\\..*oauthclientsecret$'`,
    )
  } finally {
    places.keyring.close()
  }
}

/** Says that a secret is kept in a file where no login needs it any more. The keyring is not asked for that. */
export async function tellOfConsumer(wanted: Account, around: Surroundings): Promise<void> {
  const data = await around.findDataDirectory()
  const left = listKept(wanted, { data, runtime: await around.findRuntimeDirectory() })
  if (left.length > 0 || listClientIds(data, wanted).length === 0) return
  around.write(`the consumer's secret stays in a file; to forget it as well: ${forgetConsumerCommand(wanted)}\n`)
}

function findClientId(account: Account, around: Surroundings): string | undefined {
  return readClientId(accountUrl(defaultAccount(account)), readFor(account, around), around.env)
}

function readFor(account: Account, { env }: Surroundings): ReturnType<typeof readSettings> {
  return readSettings('credential', accountUrl(account), env)
}
