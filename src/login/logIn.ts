import { Failure, isFailure } from '../base/failure.ts'
import { quote } from '../base/shell.ts'
import type { AccessToken } from '../tokens/accessToken.ts'
import { type Account, accountName, accountUrl } from '../tokens/account.ts'
import { isKeyringTrouble } from '../tokens/keyring/keyring.ts'
import { assertLockHeld } from '../tokens/lock/lock.ts'
import { describePlace, readLogin } from '../tokens/readLogin.ts'
import type { LoginRequest } from './browserLogin.ts'
import { loginCommand, refreshCommand } from './loginCommand.ts'
import { assertNotPaused, isUnasked, noteFailedLogin } from './pause.ts'
import { prepareRenewal, type Renewal, type UnderLock } from './renewal.ts'
import type { AccountSettings } from './settings.ts'

/**
 * A login that git's request needs.
 *
 * @param reason why, as a clause in lower case
 * @param hints what else the user could do
 * @throws Failure where no person need or may be asked, and where the login brought no token
 */
export async function logIn(renewal: Renewal, reason: string, hints: readonly string[] = []): Promise<AccessToken> {
  // There is no hurry yet; and Bitbucket refuses good refresh tokens for some minutes after a bad one.
  if (!renewal.mayLogIn) {
    const wayOut = `to log in: ${loginCommand(renewal.account)}`
    throw new Failure(reason, { hints: [...hints, wayOut], code: 'login_required' })
  }
  assertNotPaused(renewal, reason)
  return askInBrowser({ renewal, reason, hints, isByHand: false })
}

/**
 * A login that a person asks for. It does not matter what is stored, or what failed before.
 *
 * @throws Failure where the login brought no token
 */
export async function logInByHand(
  settings: AccountSettings,
  under: Pick<UnderLock, 'lock' | 'asked'>,
): Promise<AccessToken> {
  const { account, client, storage } = settings
  if (client.grant === 'client_credentials') throw nobodyLogsInFailure(account)
  // A new login is the way out of a keyring that cannot be used any more.
  const found = await readLogin(storage, account).catch((error: unknown) => {
    if (!isKeyringTrouble(error)) throw error
    return undefined
  })
  const renewal = await prepareRenewal(settings, { ...under, mayLogIn: true }, found)
  const reason = `a login for ${accountName(account)} was asked for`
  return askInBrowser({ renewal, reason, hints: [], isByHand: true })
}

async function askInBrowser(request: LoginRequest): Promise<AccessToken> {
  const { renewal } = request
  const { account, storage, lock, store, context } = renewal
  assertLockHeld(lock)
  const { logInWithBrowser } = await import('./browserLogin.ts')
  try {
    const token = await logInWithBrowser(request)
    if (store === 'file' && storage.choice === 'auto') {
      context.tell(`no keyring answers here, so the login is kept in ${describePlace(storage, account, store)}`)
    }
    return token
  } catch (error) {
    // No person was asked, or nobody waits any more: another process may still ask.
    if (!isFailure(error) || isUnasked(error) || error.code === 'git_gone') throw error
    noteFailedLogin(storage.runtime, account, { code: error.code, leftAt: context.now() })
    const { code = 'login_failed', hints, cause } = error
    const quits = code === 'access_denied' || !renewal.hasFallback
    throw new Failure(error.message, { hints, code, cause, quits })
  }
}

function nobodyLogsInFailure(account: Account): Failure {
  return new Failure(
    `nobody logs in to ${accountName(account)}: oauthGrant=client_credentials gets tokens of the consumer's own`,
    {
      code: 'usage',
      hints: [
        `for a new one: ${refreshCommand(account)}`,
        `to log in as yourself: git config --global ${quote(`credential.${accountUrl(account)}.oauthGrant`)} authorization_code`,
      ],
    },
  )
}
