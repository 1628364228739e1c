import { Failure, isFailure } from '../base/failure.ts'
import { holdSignals } from '../base/signals.ts'
import { readNetwork } from '../git/network.ts'
import type { AccessToken } from '../tokens/accessToken.ts'
import { accountName } from '../tokens/account.ts'
import { isKeyringTrouble } from '../tokens/keyring/keyring.ts'
import { readNote, removeNote } from '../tokens/notes.ts'
import { describePlace, type Kept, readLogin } from '../tokens/readLogin.ts'
import { probeRecord } from '../tokens/recordFile.ts'
import { chooseStore, settleLogin } from '../tokens/saveLogin.ts'
import { lastResort, type Login, renewLogin } from '../tokens/storedLogin.ts'
import { loginCommand } from './loginCommand.ts'
import { isUnasked, noteFailedLogin, refuseInPause } from './pause.ts'
import { save } from './save.ts'
import type { Errand, Renewal } from './settings.ts'

/** After so long a refusal says nothing any more. Seconds. */
const LONG_AGO = 3600

/** What an access token's record may need. Bytes. */
const ROOM = 16 * 1024

/**
 * A new access token: refreshed, or from a login where there is nothing to refresh or the server itself refuses it.
 *
 * @throws Failure where there is none to be had; with the code `lock_lost` where another process has taken the lock over
 */
export async function renew(errand: Errand, under: Pick<Renewal, 'lock' | 'asked' | 'hasValid'>): Promise<AccessToken> {
  const { account, client } = errand
  const renewal = await prepareRenewal(errand, under, await readLogin(errand.vault, account))
  const { kept } = renewal
  if (kept === undefined) return logIn(renewal, `no login for ${accountName(account)} is saved`, [])
  if (kept.login.clientId !== client.clientId) {
    return logIn(renewal, `the login for ${accountName(account)} was made with another OAuth consumer`, [])
  }
  return (await logInAfterRefusal(renewal)) ?? refresh(renewal, kept.login, kept.login.refreshToken)
}

/**
 * Where the server has refused an access token that it had just refreshed, another refresh would bring another such
 * one: a login may be for an account with more rights. Where nobody can be asked, the refresh is all there is.
 */
async function logInAfterRefusal(renewal: Renewal): Promise<AccessToken | undefined> {
  const { account, vault, hasValid, around } = renewal
  const note = hasValid ? undefined : readNote(vault.runtime, account, 'refused')
  if (note === undefined) return undefined
  removeNote(vault.runtime, account, 'refused')
  if (Number(note['leftAt']) < around.now() - LONG_AGO) return undefined
  try {
    return await logIn(renewal, `${account.host} refused an access token that it had just issued`, [])
  } catch (error) {
    if (!isUnasked(error)) throw error
    return undefined
  }
}

/** Where no new token could be saved, the old one must not be spent, nor the user be asked. */
async function prepareRenewal(
  errand: Errand,
  under: Pick<Renewal, 'lock' | 'asked' | 'hasValid'>,
  found: Kept | undefined,
): Promise<Renewal> {
  const { account, vault } = errand
  const store = await chooseStore(vault, account, found)
  if (vault.choice !== 'keyring') probeRecord(vault.runtime, account, ROOM)
  const kept = found === undefined ? undefined : await settleLogin(vault, account, found, store)
  return { ...errand, ...under, kept, store }
}

/** @param refreshToken the login's own, or the one before it */
async function refresh(renewal: Renewal, login: Login, refreshToken: string): Promise<AccessToken> {
  const { account, client, vault, lock, around } = renewal
  const grants = await import('../oauth/grants.ts')
  around.trace(`refreshing with the login in ${renewal.store === 'keyring' ? 'the keyring' : 'a file'}`)
  const network = readNetwork(client.tokenEndpoint, around.env, around.trace)
  const sent = around.now()
  try {
    // The answer exists once: whatever happens meanwhile, it is saved first.
    return await holdSignals(async () => {
      const granted = await grants.refresh(client, refreshToken, network, lock.isHeld)
      const renewed = renewLogin(login, refreshToken, granted.refreshToken, sent)
      return save(renewal, granted, renewed, { sent, isNew: false })
    })
  } catch (error) {
    if (!isFailure(error)) throw error
    // Stopped for so long, this process has nothing to say any more about what happened to an old token.
    if (!lock.isHeld()) throw lockLost(error)
    if (!grants.isRefused(error)) throw error
    around.trace(`the refresh token was refused: ${error.code}`)
    // Another machine with the same home directory may have been faster, where no lock of ours reaches.
    const newer = await readLogin(vault, account)
    if (newer !== undefined && newer.login.refreshToken !== login.refreshToken) {
      return refresh({ ...renewal, kept: newer }, newer.login, newer.login.refreshToken)
    }
    // A server that forgot its last answer may still take the token that it answered to.
    const last = refreshToken === login.refreshToken ? lastResort(login, sent) : undefined
    if (last !== undefined) return refresh(renewal, login, last)
    // The refused one stays until a login replaces it: when a wrong secret is mended, it is good again.
    const reason = `the saved login was ${error.message}`
    if (renewal.hasValid && grants.mayRefuseClient(error)) {
      throw new Failure(reason, { hints: error.hints, code: error.code ?? '', cause: error })
    }
    return logIn(renewal, reason, error.hints)
  }
}

function lockLost(cause?: unknown): Failure {
  return new Failure('another git process has taken over', { code: 'lock_lost', cause })
}

/** @param reason why, as a clause in lower case; `hints` are what else could be done about it */
async function logIn(renewal: Renewal, reason: string, hints: readonly string[]): Promise<AccessToken> {
  // Nobody need be disturbed yet; and Bitbucket refuses good refresh tokens for some minutes after a bad one.
  if (renewal.hasValid) {
    const wayOut = `to log in: ${loginCommand(renewal.account)}`
    throw new Failure(reason, { hints: [...hints, wayOut], code: 'login_required' })
  }
  refuseInPause(renewal, reason)
  return askInBrowser(renewal, reason, { hints, isByHand: false })
}

/** As {@link renew}, but for somebody who asks for a login by hand: whatever is kept, whatever failed before. */
export async function logInByHand(errand: Errand, under: Pick<Renewal, 'lock' | 'asked'>): Promise<AccessToken> {
  // One in a keyring that cannot be used any more is what a login by hand is the way out of.
  const found = await readLogin(errand.vault, errand.account).catch((error: unknown) => {
    if (!isKeyringTrouble(error)) throw error
    return undefined
  })
  const renewal = await prepareRenewal(errand, { ...under, hasValid: false }, found)
  const reason = `a login for ${accountName(errand.account)} was asked for`
  return askInBrowser(renewal, reason, { hints: [], isByHand: true })
}

async function askInBrowser(
  renewal: Renewal,
  reason: string,
  { hints, isByHand }: { readonly hints: readonly string[]; readonly isByHand: boolean },
): Promise<AccessToken> {
  const { account, client, settings, vault, loginTimeLimit, lock, store, around } = renewal
  if (!lock.isHeld()) throw lockLost()
  const { login } = await import('./browserLogin.ts')
  try {
    const token = await login({
      client,
      name: accountName(account),
      settings,
      reason,
      hints,
      timeLimit: loginTimeLimit,
      isByHand,
      command: loginCommand(account),
      around,
      save: async (granted, sent) => {
        const { refreshToken } = granted
        const made = refreshToken === undefined ? undefined : { clientId: client.clientId, refreshToken }
        return save(renewal, granted, made, { sent, isNew: true })
      },
    })
    if (store === 'file' && vault.choice === 'auto') {
      around.tell(`no keyring answers here, so the login is kept in ${describePlace(vault, account, store)}`)
    }
    return token
  } catch (error) {
    // Where nobody was asked, nobody refused: a sibling still may ask.
    if (!isFailure(error) || isUnasked(error)) throw error
    noteFailedLogin(vault.runtime, account, { code: error.code, leftAt: around.now() })
    const { code = 'login_failed', cause } = error
    throw new Failure(error.message, {
      hints: error.hints,
      code,
      cause,
      quits: code === 'access_denied' || !renewal.hasFallback,
    })
  }
}
