import { consumerPage } from '../../base/bitbucket.ts'
import { formatDuration } from '../../base/duration.ts'
import { isFailure, orUndefined } from '../../base/failure.ts'
import { type Api, getResource } from '../../bitbucket/api.ts'
import { permissionOf, readRefusal } from '../../bitbucket/refusal.ts'
import { readSettings } from '../../git/config.ts'
import { loginCommand, refreshCommand } from '../../login/loginCommand.ts'
import { readClientId } from '../../oauth/client.ts'
import { type AccessToken, isValid } from '../../tokens/accessToken.ts'
import { type Account, accountName, accountUrl, defaultAccount } from '../../tokens/account.ts'
import { findAccessToken } from '../../tokens/cache.ts'
import { isInKeyring } from '../../tokens/keyringRecords.ts'
import { readNote } from '../../tokens/notes.ts'
import { answeringAccount, hasRecord, readRecord } from '../../tokens/recordFile.ts'
import type { Storage } from '../../tokens/storage.ts'
import { fault, faultOf, type Finding, good, note } from './finding.ts'
import { canBeRead } from './storage.ts'

type Directories = Pick<Storage, 'data' | 'runtime'>

/** Whether a login is kept for an account, and an access token; what is in the keyring is not looked at. */
export function checkLogin(
  wanted: Account,
  { data, runtime }: Directories,
  env: NodeJS.ProcessEnv,
  now: number,
): Finding[] {
  const account = answeringAccount(data, wanted)
  const findings: Finding[] = []
  const failed = readNote(runtime, account, 'failed-login')
  const passed = now - Number(failed?.['leftAt'])
  const left = Number(failed?.['pause']) - passed
  if (passed >= 0 && left > 0) {
    const text = `the one ${formatDuration(passed)} ago came to nothing, so git asks for no other one for ${formatDuration(left)}`
    findings.push(note('login', text, loginCommand(account)))
  }
  // What is kept there cannot be known, and is told of the files.
  if (!canBeRead(data)) return findings
  if (!hasRecord(data, account)) {
    const text = `none is kept for ${accountName(account)}`
    return [...findings, { ...fault('login', text, loginCommand(account)), exitCode: 4 }]
  }
  // Whether only its owner can read it, the files are asked.
  const place = orUndefined(() => isInKeyring(data, account)) === true ? "in the system's keyring" : 'in a file'
  if (isOfAnotherConsumer(data, account, env)) {
    const text = `the one for ${accountName(account)} was made with another OAuth consumer, so it cannot be renewed`
    const token = findValidToken(account, runtime, now) === undefined ? [] : describeToken(account, runtime, now)
    return [...findings, fault('login', text, loginCommand(account)), ...token]
  }
  return [
    ...findings,
    good('login', `kept for ${accountName(account)}, ${place}`),
    ...describeToken(account, runtime, now),
  ]
}

/** A refresh token is of no use to another consumer than its own. One in the keyring is not looked at. */
function isOfAnotherConsumer(data: string, account: Account, env: NodeJS.ProcessEnv): boolean {
  const record = orUndefined(() => readRecord(data, account))
  const made = typeof record === 'object' ? record['clientId'] : undefined
  const configured = orUndefined(() => {
    return readClientId(accountUrl(defaultAccount(account)), readSettings('credential', accountUrl(account), env), env)
  })
  return typeof made === 'string' && configured !== undefined && made !== configured
}

function describeToken(account: Account, runtime: string, now: number): Finding[] {
  if (orUndefined(() => isInKeyring(runtime, account)) === true)
    return [good('access token', "in the system's keyring")]
  const token = findValidToken(account, runtime, now)
  if (token === undefined) return [good('access token', "none that is valid; git's next command asks for another")]
  const { expiresAt, scopes } = token
  const found = good('access token', `good for ${formatDuration(expiresAt - now)}`)
  return scopes === undefined ? [found] : [found, checkPermissions(scopes.split(/[\s,]+/), account)]
}

/**
 * What git needs, in Bitbucket's scopes; those for pull requests hold those for repositories.
 *
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/intro/#bitbucket-oauth-2-0-scopes
 */
const READ = /^(repository|pullrequest|project)(:|$)/
const WRITE = /^(repository|pullrequest):write$/

function checkPermissions(scopes: readonly string[], account: Account): Finding {
  const text = scopes.join(', ')
  const page = `on ${consumerPage()}`
  const login = loginCommand(account)
  if (!scopes.some((scope) => READ.test(scope))) {
    const tick = permissionOf('repository')
    return fault(
      'permissions',
      `${text}, but not ${tick}, which git needs`,
      `tick it for the consumer ${page}, then log in anew:`,
      login,
    )
  }
  if (scopes.some((scope) => WRITE.test(scope))) return good('permissions', text)
  const cure = `to push, tick ${permissionOf('repository:write')} ${page}, then log in anew:`
  return note('permissions', `${text}: enough to clone and fetch, but not to push`, cure, login)
}

/** The access token that would be answered now, without renewing it. */
export function findValidToken(account: Account, runtime: string, now: number): AccessToken | undefined {
  const token = findAccessToken(runtime, account)
  return token !== undefined && isValid(token, now) ? token : undefined
}

/** Whether Bitbucket takes the access token, whatever it is allowed. */
export async function checkToken(api: Api, account: Account): Promise<Finding> {
  try {
    const reply = await getResource(api, '/2.0/user')
    if (reply.status >= 200 && reply.status < 300) return good('token', `${api.url.host} takes it`)
    const { reason } = readRefusal(reply)
    // Who it stands for is more than a token for git alone may ask.
    if (reason === 'scope') return good('token', `${api.url.host} takes it`)
    if (reason !== 'token')
      return note('token', `${api.url.host} does not say whether it takes it (HTTP ${reply.status})`)
    return fault(
      'token',
      `${api.url.host} does not take it any more: it was revoked, or has ended`,
      refreshCommand(account),
      'if that does not do:',
      loginCommand(account),
    )
  } catch (error) {
    if (!isFailure(error)) throw error
    return faultOf('token', error)
  }
}
