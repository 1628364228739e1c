import type { Arguments } from '../arguments.ts'
import { checkCallback, checkConsumer, checkServer } from '../checks/consumer.ts'
import { exitCodeOf, faultOf, type Finding, note } from '../checks/finding.ts'
import { checkGit, lacksGit } from '../checks/git.ts'
import { checkLogin, checkToken, findValidToken } from '../checks/login.ts'
import { checkRepository } from '../checks/repository.ts'
import { checkFiles, checkKeyring } from '../checks/storage.ts'
import { type Errand, prepareErrand } from '../errand.ts'
import { type Failure, isFailure } from '../failure.ts'
import { readSettings } from '../git/config.ts'
import { refreshCommand } from '../loginCommand.ts'
import { readNetwork } from '../network.ts'
import { BITBUCKET } from '../oauth/client.ts'
import { openPlaces } from '../places.ts'
import type { Surroundings } from '../surroundings.ts'
import { describeTerminal } from '../terminal.ts'
import { answeringAccount } from '../tokens/recordFile.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/token.ts'
import type { Places } from '../tokens/vault.ts'
import { notOurs, parseAccount } from './account.ts'
import { formatFindings, JSON_VERSION } from './findings.ts'
import { parseRepository, type Repository } from '../bitbucket/repository.ts'

/**
 * `doctor`: looks at everything that a login and git need, and changes nothing.
 *
 * @returns the exit code
 * @throws Failure for what is no repository
 */
export async function doctor(args: Arguments, around: Surroundings): Promise<number> {
  const text = args.text('repository')
  const repository = text === undefined ? undefined : parseRepository(text, BITBUCKET)
  const account = parseAccount(text !== undefined && URL.canParse(text) ? text : BITBUCKET, undefined)
  const places = await openPlaces(around)
  try {
    const findings = await examine(account, repository, places, around)
    const exitCode = exitCodeOf(findings)
    around.write(
      args.has('json')
        ? `${JSON.stringify({ version: JSON_VERSION, host: account.host, findings }, undefined, 2)}\n`
        : formatFindings(findings, describeTerminal(process.stdout, around.env)),
    )
    return exitCode
  } finally {
    places.keyring.close()
  }
}

async function examine(
  account: Account,
  repository: Repository | undefined,
  places: Places,
  around: Surroundings,
): Promise<Finding[]> {
  const { env, now } = around
  const url = accountUrl(defaultAccount(account))
  const findings = checkGit(url, env)
  if (lacksGit(findings)) return findings
  findings.push(...checkFiles(places))
  const errand = await prepare(account, places, around)
  if (isFailure(errand)) return [...findings, faultOf('consumer', errand), ...checkLogin(account, places, now())]
  const { client, vault } = errand
  findings.push(
    checkConsumer(client, url),
    await checkCallback(client),
    await checkKeyring(places, answeringAccount(places.data, account), vault.choice),
    ...(await checkServer(client, url, readNetwork(client.tokenEndpoint, env, around.trace), now)),
    ...checkLogin(account, places, now()),
  )
  return [...findings, ...(await tryToken(errand, repository, places))]
}

async function prepare(account: Account, places: Places, around: Surroundings): Promise<Errand | Failure> {
  try {
    return (await prepareErrand(account, places, around)) ?? notOurs(account)
  } catch (error) {
    if (!isFailure(error)) throw error
    return error
  }
}

async function tryToken(
  { account, client, around }: Errand,
  repository: Repository | undefined,
  places: Places,
): Promise<Finding[]> {
  const { env, trace, now } = around
  const token = findValidToken(account, places.runtime, now())
  if (token === undefined || client.apiUrl === undefined) {
    if (repository === undefined) return []
    const text =
      client.apiUrl === undefined
        ? 'cannot be tried: oauthApiURL is not set for this host'
        : 'cannot be tried without a valid access token'
    return [
      note(
        'repository',
        text,
        client.apiUrl === undefined
          ? `git config --global credential.${accountUrl(defaultAccount(account))}.oauthApiURL URL`
          : refreshCommand(account),
      ),
    ]
  }
  const api = { url: client.apiUrl, accessToken: token.accessToken, network: readNetwork(client.apiUrl, env, trace) }
  const findings = [await checkToken(api, account)]
  if (repository === undefined || findings.some(({ level }) => level === 'fault')) return findings
  const lfs = readSettings('lfs', `${repository.url.href}/info/lfs`, env)
  const network = readNetwork(repository.url, env, trace)
  return [
    ...findings,
    ...(await checkRepository({ repository, account, api, network, hasLfs: lfs.get('access') === 'basic' })),
  ]
}
