import { BITBUCKET } from '../../base/bitbucket.ts'
import type { Context } from '../../base/context.ts'
import { formatDuration } from '../../base/duration.ts'
import { isFailure, orUndefined } from '../../base/failure.ts'
import { formatJson } from '../../base/visible.ts'
import { readSettings } from '../../git/config.ts'
import { requireClient } from '../../login/consumerElsewhere.ts'
import { findClientIdWithoutSecret } from '../../oauth/client.ts'
import { type Account, accountName, accountUrl, defaultAccount } from '../../tokens/account.ts'
import { isInKeyring } from '../../tokens/keyringRecords.ts'
import { readUser } from '../../tokens/notes.ts'
import { listAccounts, recordPath } from '../../tokens/recordFile.ts'
import { BITBUCKET_ACCOUNT } from '../account.ts'
import type { Arguments } from '../arguments.ts'
import { checkConsumer, leaveToSetup, mask } from '../checks/consumer.ts'
import { exitCodeOf, faultOf, type Finding } from '../checks/finding.ts'
import { formatFindings, JSON_VERSION } from '../checks/formatFindings.ts'
import { checkGit, lacksGit } from '../checks/git.ts'
import { checkLogin, findClientId } from '../checks/loginState.ts'
import { checkGiven } from '../checks/machine.ts'
import { checkFiles } from '../checks/storage.ts'
import { findTokenInFile } from '../currentToken.ts'
import { describeTerminal, type Terminal } from '../terminal.ts'

type Directories = { readonly data: string; readonly runtime: string }

/** A login as `--json` prints it (docs/status.schema.json). Nothing in it is secret. */
type Report = {
  readonly account: string
  readonly url: string
  /** Who has logged in, where Bitbucket said so. */
  readonly user?: string
  readonly login: { readonly store: 'keyring' | 'file'; readonly path?: string; readonly consumer?: string }
  /** The keyring is not asked. */
  readonly accessToken:
    | { readonly state: 'none' }
    | { readonly state: 'in the keyring' }
    | { readonly state: 'valid'; readonly expiresAt: number; readonly scopes?: readonly string[] }
}

/**
 * `status`: tells which logins are kept and where, how git reaches this program, and what is wrong. Asks neither the
 * network nor the keyring, so it is quick and no person has to unlock anything.
 *
 * @returns the exit code
 */
export async function status(args: Arguments, context: Context): Promise<number> {
  const directories = { data: await context.findDataDirectory(), runtime: await context.findRuntimeDirectory() }
  // A directory that cannot be read is among the findings.
  const known = orUndefined(() => listAccounts(directories.data)) ?? []
  const accounts = known.map((account) => describe(account, directories, context.now()))
  const findings = examine(known, directories, context)
  const terminal = describeTerminal(context.streams.stdout, context.env)
  context.write(
    args.has('json')
      ? `${formatJson({ version: JSON_VERSION, accounts, findings }, 2)}\n`
      : `${accounts.map((account) => format(account, context.now(), terminal)).join('')}${formatFindings(findings, terminal)}`,
  )
  return exitCodeOf(findings)
}

/** Checks each host that has a login, or Bitbucket where none has. */
function examine(accounts: readonly Account[], directories: Directories, context: Context): Finding[] {
  const { env, now } = context
  const looked = accounts.length === 0 ? [BITBUCKET_ACCOUNT] : accounts
  const urls = new Set(looked.map((account) => accountUrl(defaultAccount(account))))
  return [
    ...checkFiles(directories),
    ...[...urls].flatMap((url) => {
      const findings = checkGit(url, env)
      const given = url === BITBUCKET ? checkGiven(BITBUCKET_ACCOUNT, env) : undefined
      if (given !== undefined) return findings.concat(given)
      if (!lacksGit(findings)) findings.push(readConsumer(url, env))
      const logins = looked
        .filter((account) => accountUrl(defaultAccount(account)) === url)
        .flatMap((account) => checkLogin(account, directories, env, now()))
      // The list above tells what is good about a login.
      const untold = accounts.length === 0 ? logins : logins.filter(({ level }) => level !== 'good')
      return leaveToSetup([...findings, ...untold])
    }),
  ]
}

/** The consumer, as far as it is known without the keyring. */
function readConsumer(url: string, env: NodeJS.ProcessEnv): Finding {
  try {
    const settings = readSettings('credential', url, env)
    const isSought = findClientIdWithoutSecret(url, settings, env) !== undefined
    return checkConsumer(requireClient(url, settings, env, isSought ? 'in the keyring' : undefined), url)
  } catch (error) {
    if (!isFailure(error)) throw error
    return faultOf('consumer', error)
  }
}

function describe(account: Account, { data, runtime }: Directories, now: number): Report {
  const user = readUser(data, account)
  return {
    account: accountName(account),
    url: accountUrl(account),
    ...(user === undefined ? {} : { user }),
    login:
      orUndefined(() => isInKeyring(data, account)) === true
        ? { store: 'keyring' }
        : { store: 'file', path: recordPath(data, account), ...describeConsumer(data, account) },
    accessToken: describeToken(account, runtime, now),
  }
}

/** The key of the consumer that alone can renew the login, masked as in the findings. */
function describeConsumer(data: string, account: Account): { consumer?: string } {
  const key = findClientId(data, account)
  return key === undefined ? {} : { consumer: mask(key) }
}

function describeToken(account: Account, runtime: string, now: number): Report['accessToken'] {
  if (orUndefined(() => isInKeyring(runtime, account)) === true) return { state: 'in the keyring' }
  const token = findTokenInFile(account, runtime, now)
  if (token === undefined) return { state: 'none' }
  const { expiresAt, scopes } = token
  return { state: 'valid', expiresAt, ...(scopes === undefined ? {} : { scopes: scopes.split(/[\s,]+/) }) }
}

function format({ account, user, login, accessToken }: Report, now: number, { paint, wrap }: Terminal): string {
  const lines: [string, string][] = [
    ...(user === undefined ? [] : [['user', user] satisfies [string, string]]),
    ['login', login.path === undefined ? "in the system's keyring" : `in a file that only you can read: ${login.path}`],
    ...(login.consumer === undefined ? [] : [['consumer', `key ${login.consumer}`] satisfies [string, string]]),
    ['access token', tokenInWords(accessToken, now)],
  ]
  if (accessToken.state === 'valid' && accessToken.scopes !== undefined) {
    lines.push(['permissions', accessToken.scopes.join(', ')])
  }
  return `${paint('bold', account)}\n${lines.map(([name, text]) => `  ${name.padEnd(14)}${wrap(text, 16)}\n`).join('')}\n`
}

function tokenInWords(token: Report['accessToken'], now: number): string {
  if (token.state === 'in the keyring') return "in the system's keyring"
  if (token.state === 'none') return "none that is valid; git's next command asks for another"
  return `good for ${formatDuration(token.expiresAt - now)}`
}
