import { BITBUCKET } from '../../base/bitbucket.ts'
import type { Context } from '../../base/context.ts'
import { isFailure, orFailure } from '../../base/failure.ts'
import { quote } from '../../base/shell.ts'
import { formatJson } from '../../base/visible.ts'
import { parseRepository, type Repository, toHttps } from '../../bitbucket/repository.ts'
import { readSettings } from '../../git/config.ts'
import { readNetwork } from '../../git/network.ts'
import { loginCommand, refreshCommand } from '../../login/loginCommand.ts'
import { type AccountSettings, findSettings, readAccountSettings } from '../../login/settings.ts'
import type { Network } from '../../http/network.ts'
import { type Client, readApiUrl } from '../../oauth/client.ts'
import { type AccessToken, isValid } from '../../tokens/accessToken.ts'
import { type Account, accountUrl, defaultAccount } from '../../tokens/account.ts'
import { findGivenToken } from '../../tokens/givenToken.ts'
import { answeringAccount, hasRecord } from '../../tokens/recordFile.ts'
import { type Storage, withStorage } from '../../tokens/storage.ts'
import { parseAccount, readProduct, unknownHostFailure } from '../account.ts'
import type { Arguments } from '../arguments.ts'
import { checkCallback, checkConsumer, checkServer, describeNetwork, leaveToSetup } from '../checks/consumer.ts'
import { exitCodeOf, fault, faultOf, type Finding, good } from '../checks/finding.ts'
import { formatFindings, JSON_VERSION } from '../checks/formatFindings.ts'
import { checkGit, lacksGit } from '../checks/git.ts'
import { checkLogin, checkToken } from '../checks/loginState.ts'
import { checkGiven, checkOwnToken } from '../checks/machine.ts'
import { checkNode } from '../checks/node.ts'
import { checkRepository } from '../checks/repository.ts'
import { checkFiles, checkKeyring } from '../checks/storage.ts'
import { findCurrentToken } from '../currentToken.ts'
import { describeTerminal } from '../terminal.ts'

/**
 * `doctor`: looks at everything that a login and git need, and changes nothing.
 *
 * @returns the exit code
 * @throws Failure for a text that does not name a repository
 */
export async function doctor(args: Arguments, context: Context): Promise<number> {
  const address = toHttps(args.text('repository') ?? BITBUCKET)
  const account = parseAccount(URL.canParse(address) ? address : BITBUCKET, undefined, context.env)
  const product = readProduct(account, context.env)
  const repository = parseRepository(address, accountUrl(defaultAccount(account)), product)
  const findings = leaveToSetup(await examineAll(account, repository, context))
  context.write(
    args.has('json')
      ? `${formatJson({ version: JSON_VERSION, host: account.host, findings }, 2)}\n`
      : formatFindings(findings, describeTerminal(context.streams.stdout, context.env)),
  )
  return exitCodeOf(findings)
}

/** All findings. Where the storage cannot be opened, those on git and why. */
async function examineAll(account: Account, repository: Repository | undefined, context: Context): Promise<Finding[]> {
  const findings = await orFailure(() =>
    withStorage(context, (storage) => examine(account, repository, storage, context)),
  )
  if (!isFailure(findings)) return findings
  return [...checkGit(accountUrl(defaultAccount(account)), context.env), faultOf('files', findings)]
}

async function examine(
  account: Account,
  repository: Repository | undefined,
  storage: Storage,
  context: Context,
): Promise<Finding[]> {
  const { env, now, trace } = context
  const url = accountUrl(defaultAccount(account))
  const given = checkGiven(account, env)
  const accountSettings = await orFailure(() => readAccountSettings(account, storage, context))
  // The steps do not configure such a host: most likely it is a slip of the keyboard, or a trap.
  if (accountSettings === undefined) return [strangeHost(account, env)]
  const findings = checkGit(url, env)
  if (lacksGit(findings)) return findings
  findings.push(...checkNode(env), ...checkFiles(storage))
  if (given !== undefined) {
    findings.push(given)
    if (given.level === 'fault') return findings
    return [...findings, ...(await tryGiven(account, repository, storage, context))]
  }
  if (isFailure(accountSettings))
    return [...findings, faultOf('consumer', accountSettings), ...checkLogin(account, storage, env, now())]
  const { client } = accountSettings
  findings.push(checkConsumer(client, url))
  if (client.grant === 'client_credentials') {
    return [...findings, ...(await examineMachine(accountSettings, repository, storage))]
  }
  findings.push(
    await checkCallback(client, env),
    await checkKeyring(storage, answeringAccount(storage.data, account), accountSettings.storage.choice),
  )
  const network = await orFailure(() => readNetwork(client.tokenEndpoint, env, trace))
  if (isFailure(network)) findings.push(faultOf('network', network))
  else {
    findings.push(...(await checkServer(client, url, network, now)))
    findings.push(...(await inFindings(async () => compareApiNetwork(client, network, context))))
  }
  findings.push(...checkLogin(account, storage, env, now()))
  const target = { account, apiUrl: client.apiUrl, product: client.product, context }
  const tried = await orFailure(() => tryToken(target, repository, storage))
  if (!isFailure(tried)) return [...findings, ...tried]
  const known = isFailure(network) && network.message === tried.message
  return known ? findings : [...findings, faultOf('network', tried)]
}

/** Git may be told to go another way to the API. */
function compareApiNetwork({ apiUrl }: Client, network: Network, { env, trace }: Context): Finding[] {
  const way = apiUrl && describeNetwork(readNetwork(apiUrl, env, trace))
  return way === undefined || way === describeNetwork(network) ? [] : [good('network', `${apiUrl?.host}: ${way}`)]
}

function strangeHost(account: Account, env: NodeJS.ProcessEnv): Finding {
  const { protocol, host } = account
  if (protocol === 'http' && findSettings({ ...account, protocol: 'https' }, env) !== undefined) {
    return { ...fault('address', `http://${host} has to be https`, `write https://${host} in its place`), exitCode: 3 }
  }
  const { message } = unknownHostFailure(account)
  return { ...fault('address', message, 'compare the address, to the letter, with that in the browser'), exitCode: 3 }
}

/** A machine's tokens are the consumer's own, or the environment gives one: no browser, no login. */
async function examineMachine(
  settings: AccountSettings,
  repository: Repository | undefined,
  storage: Storage,
): Promise<Finding[]> {
  const { account, client, context } = settings
  const { env, now, trace } = context
  const way = await inFindings(async () => [
    good('network', describeNetwork(readNetwork(client.tokenEndpoint, env, trace))),
  ])
  const { finding, token } = await checkOwnToken(settings, context)
  const findings = [...way, finding, ...checkLogin(account, storage, env, now())]
  if (token === undefined) return findings
  const target = { account, apiUrl: client.apiUrl, product: client.product, context }
  return [...findings, ...(await inFindings(() => tryToken(target, repository, storage, token)))]
}

async function tryGiven(
  account: Account,
  repository: Repository | undefined,
  storage: Storage,
  context: Context,
): Promise<Finding[]> {
  const { env } = context
  return inFindings(async () => {
    const apiUrl = readApiUrl(accountUrl(defaultAccount(account)), readSettings('credential', accountUrl(account), env))
    return tryToken({ account, apiUrl, product: 'cloud', context }, repository, storage, findGivenToken(account, env))
  })
}

async function inFindings(work: () => Promise<Finding[]>): Promise<Finding[]> {
  const findings = await orFailure(work)
  return isFailure(findings) ? [faultOf('network', findings)] : findings
}

type Target = Pick<AccountSettings, 'account' | 'context'> & Pick<Client, 'apiUrl' | 'product'>

/** @param known the token, where it is not one that is kept */
async function tryToken(
  { account, apiUrl, product, context }: Target,
  repository: Repository | undefined,
  storage: Storage,
  known?: AccessToken,
): Promise<Finding[]> {
  const { env, trace, now } = context
  const token = known ?? (await orFailure(() => findCurrentToken(account, storage)))
  // A keyring that does not answer is among the findings already.
  if (token === undefined || isFailure(token) || !isValid(token, now()) || apiUrl === undefined) {
    return repository === undefined ? [] : [cannotTry(account, storage, apiUrl !== undefined)]
  }
  const api = { url: apiUrl, product, accessToken: token.accessToken, network: readNetwork(apiUrl, env, trace) }
  const findings = [await checkToken(api, account)]
  if (repository === undefined || findings.some(({ level }) => level === 'fault')) return findings
  const lfs = readSettings('lfs', `${repository.url.href}/info/lfs`, env)
  const network = readNetwork(repository.url, env, trace)
  return [
    ...findings,
    ...(await checkRepository({ repository, account, api, network, hasLfs: lfs.get('access') === 'basic' })),
  ]
}

/** The user asks about this repository, so not to know is a fault. */
function cannotTry(account: Account, { data }: Storage, hasApi: boolean): Finding {
  if (!hasApi) {
    const key = quote(`credential.${accountUrl(defaultAccount(account))}.oauthApiURL`)
    return fault(
      'repository',
      'cannot be tried: oauthApiURL is not set for this host',
      `git config --global ${key} URL`,
    )
  }
  const answering = answeringAccount(data, account)
  const cure = hasRecord(data, answering) ? refreshCommand(answering) : loginCommand(answering)
  return fault('repository', 'cannot be tried without a valid access token', cure)
}
