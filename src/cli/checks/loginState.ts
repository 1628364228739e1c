import { formatDuration } from '../../base/duration.ts'
import { isFailure, orUndefined } from '../../base/failure.ts'
import { type Api, getResource } from '../../bitbucket/getResource.ts'
import { RESOURCES } from '../../bitbucket/product.ts'
import { permissionHints, permissionOf, readRefusal, refusalFailure } from '../../bitbucket/refusal.ts'
import { readSettings } from '../../git/config.ts'
import { loginCommand } from '../../login/loginCommand.ts'
import { describeUser } from '../../login/user.ts'
import { readClientId, readGrant } from '../../oauth/client.ts'
import { type Account, accountName, accountUrl, defaultAccount } from '../../tokens/account.ts'
import { isInKeyring } from '../../tokens/keyringRecords.ts'
import { readNote, readUser } from '../../tokens/notes.ts'
import { answeringAccount, hasRecord, readRecord } from '../../tokens/recordFile.ts'
import type { Storage } from '../../tokens/storage.ts'
import { accountCommands } from '../account.ts'
import { findTokenInFile } from '../currentToken.ts'
import { fault, faultOf, type Finding, good, inSteps, note } from './finding.ts'
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
    const text = `the last one failed ${formatDuration(passed)} ago, so git does not ask for another for ${formatDuration(left)}`
    findings.push(note('login', text, loginCommand(account)))
  }
  // What is kept cannot be known then. The check of the files tells why.
  if (!canBeRead(data)) return findings
  const url = accountUrl(defaultAccount(account))
  const settings = orUndefined(() => readSettings('credential', accountUrl(account), env)) ?? new Map<string, string>()
  if (orUndefined(() => readGrant(url, settings, env)) === 'client_credentials') {
    return [
      ...findings,
      good('login', 'none is needed: the consumer gets tokens of its own'),
      ...describeToken(account, runtime, now),
    ]
  }
  if (!hasRecord(data, account)) {
    const text = `none is kept for ${accountName(account)}`
    return [...findings, { ...fault('login', text, loginCommand(account)), exitCode: 4 }]
  }
  // The check of the files tells whether only its owner can read it.
  const place = orUndefined(() => isInKeyring(data, account)) === true ? "in the system's keyring" : 'in a file'
  if (
    isOfAnotherConsumer(
      data,
      account,
      orUndefined(() => readClientId(url, settings, env)),
    )
  ) {
    const text = `the one for ${accountName(account)} was made with another OAuth consumer, so it cannot be renewed`
    const token = findTokenInFile(account, runtime, now) === undefined ? [] : describeToken(account, runtime, now)
    return [...findings, fault('login', text, loginCommand(account)), ...token]
  }
  return [
    ...findings,
    good('login', `kept for ${accountName(account, readUser(data, account))}, ${place}`),
    ...describeToken(account, runtime, now),
  ]
}

/** Whether a login that is kept in a file was made with another consumer, which alone can use its refresh token. */
function isOfAnotherConsumer(data: string, account: Account, configured: string | undefined): boolean {
  const made = findClientId(data, account)
  return made !== undefined && configured !== undefined && made !== configured
}

/** The key of the consumer that a login was made with, where it is kept in a file. */
export function findClientId(data: string, account: Account): string | undefined {
  const record = orUndefined(() => readRecord(data, account))
  const clientId = typeof record === 'object' ? record['clientId'] : undefined
  return typeof clientId === 'string' ? clientId : undefined
}

function describeToken(account: Account, runtime: string, now: number): Finding[] {
  if (orUndefined(() => isInKeyring(runtime, account)) === true)
    return [good('access token', "in the system's keyring")]
  const token = findTokenInFile(account, runtime, now)
  if (token === undefined) return [good('access token', "none that is valid; git's next command asks for another")]
  const { expiresAt, scopes } = token
  const found = good('access token', `good for ${formatDuration(expiresAt - now)}`)
  return scopes === undefined ? [found] : [found, checkPermissions(scopes.split(/[\s,]+/), account)]
}

/**
 * What git needs, in Bitbucket's scopes; those for pull requests hold those for repositories. Those of Bitbucket Data Center are in
 * capitals.
 *
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/intro/#bitbucket-oauth-2-0-scopes
 */
const READ = /^(repository|pullrequest|project)(:|$)|^(REPO|PROJECT)_/
const WRITE = /^(repository|pullrequest):write$|^(REPO_WRITE|REPO_ADMIN|PROJECT_ADMIN)$/

function checkPermissions(scopes: readonly string[], account: Account): Finding {
  const text = scopes.join(', ')
  const cures = (scope: string): string[] =>
    permissionHints([scope], undefined, accountCommands(account)).flatMap(inSteps)
  if (!scopes.some((scope) => READ.test(scope))) {
    const missing = `${text}, but not ${permissionOf('repository')}, which git needs`
    return fault('permissions', missing, ...cures('repository'))
  }
  if (scopes.some((scope) => WRITE.test(scope))) return good('permissions', text)
  return note('permissions', `${text}: enough to clone and fetch, but not to push`, ...cures('repository:write'))
}

/** Whether Bitbucket accepts the access token, whatever its permissions. */
export async function checkToken(api: Api, account: Account): Promise<Finding> {
  try {
    const reply = await getResource(api, RESOURCES[api.product].whoami)
    const { host, status } = reply
    const { reason } = readRefusal(reply)
    // A token that is good enough for git need not be permitted to ask for its account.
    if ((status >= 200 && status < 300) || reason === 'scope') {
      const user = describeUser(reply.message)
      return good('token', `${host} accepts it${user === undefined ? '' : `, as that of ${user}`}`)
    }
    if (reason !== 'token') return note('token', `${host} does not say whether it accepts it (HTTP ${status})`)
    return faultOf('token', refusalFailure(reply, { what: 'account', commands: accountCommands(account) }))
  } catch (error) {
    if (!isFailure(error)) throw error
    return faultOf('token', error)
  }
}
