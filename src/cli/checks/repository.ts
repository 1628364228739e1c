import { isFailure } from '../../base/failure.ts'
import { isObject } from '../../base/json.ts'
import { quote } from '../../base/shell.ts'
import { type Api, getResource, type Reply } from '../../bitbucket/getResource.ts'
import { RESOURCES } from '../../bitbucket/product.ts'
import {
  permissionHints,
  permissionOf,
  readRefusal,
  refusalFailure,
  repositorySubject,
} from '../../bitbucket/refusal.ts'
import { fullName, type Repository } from '../../bitbucket/repository.ts'
import { send } from '../../http/http.ts'
import type { Network } from '../../http/network.ts'
import { loginCommand, refreshCommand } from '../../login/loginCommand.ts'
import { type Account, USERNAME } from '../../tokens/account.ts'
import { accountCommands } from '../account.ts'
import { fault, faultOf, type Finding, good, inSteps, note } from './finding.ts'

type Look = {
  readonly repository: Repository
  readonly account: Account
  readonly api: Api
  /** To the repository itself. */
  readonly network: Network
  /** Whether git-lfs is told to log in there without being asked. */
  readonly hasLfs: boolean
}

/**
 * Why a repository does not open. Git says the same for several reasons; the REST interface for the repository and for its
 * workspace tells them apart.
 */
export async function checkRepository(look: Look): Promise<Finding[]> {
  const { repository, api } = look
  try {
    const reply = await getResource(api, RESOURCES[api.product].repository(repository))
    if (reply.status !== 200) return [await explain(reply, look)]
    return [await checkRead(look), await checkPush(look), ...(await checkLfs(look))]
  } catch (error) {
    if (!isFailure(error)) throw error
    return [faultOf('repository', error)]
  }
}

async function explain(reply: Reply, { repository, account, api }: Look): Promise<Finding> {
  const failure = refusalFailure(reply, repositorySubject(repository, accountCommands(account)))
  const found = faultOf('repository', failure, 'try again in a while')
  if (readRefusal(reply).reason !== 'missing') return found
  return explainMissing(
    found,
    repository,
    await getResource(api, RESOURCES[api.product].repositories(repository.workspace)),
  )
}

/** @param workspace the list of its repositories */
function explainMissing(found: Finding, { workspace, name }: Repository, { status, message }: Reply): Finding {
  const compare = 'compare the URL with that in the browser'
  if (status === 404) return fault('repository', `there is no workspace ${workspace}`, compare)
  const values = message?.['values']
  const names = (Array.isArray(values) ? values : []).map((value: unknown) =>
    isObject(value) ? String(value['slug']) : '',
  )
  if (names.length === 0) return { ...found, text: `${found.text}; in workspace ${workspace} it sees no repository` }
  const near = names.find((other) => isNear(other, name))
  const advice = near === undefined ? compare : `did you mean ${fullName({ workspace, name: near })}?`
  return {
    ...found,
    text: `${found.text}; in workspace ${workspace} it sees ${names.length} others`,
    cures: [advice, ...found.cures],
  }
}

/** Whether one may be a slip for the other: a letter too many, too few, another, or a hyphen. */
function isNear(one: string, other: string): boolean {
  const [short, long] = [plain(one), plain(other)].toSorted((left, right) => left.length - right.length)
  if (short === undefined || long === undefined || long.length - short.length > 1) return false
  const start = short.split('').findIndex((letter, index) => letter !== long[index])
  if (start === -1) return true
  return short.slice(start + (short.length === long.length ? 1 : 0)) === long.slice(start + 1)
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_.]/g, '')
}

async function checkRead(look: Look): Promise<Finding> {
  const { repository, api, account } = look
  const { status } = await asGit('git-upload-pack', look)
  if (status === 200) return good('repository', 'opens for git too: you can clone and fetch')
  const text = `${api.url.host} shows it, but ${repository.url.host} refuses it to git (HTTP ${status})`
  return fault('repository', text, refreshCommand(account), 'if that does not help:', loginCommand(account))
}

/** The scope that git needs to push. */
const WRITE = 'repository:write'

async function checkPush(look: Look): Promise<Finding> {
  const { repository, account } = look
  const { status, body } = await asGit('git-receive-pack', look)
  if (status === 200) return good('push', 'is permitted')
  if (status === 403 && /privilege scopes/i.test(body)) {
    const hints = permissionHints([WRITE], repository.workspace, accountCommands(account))
    return note('push', `the consumer lacks a permission: ${permissionOf(WRITE)}`, ...hints.flatMap(inSteps))
  }
  return note('push', `is not permitted to the account that you logged in with (HTTP ${status})`)
}

/** A server that answers 403 to a request without a login keeps git-lfs from asking for one. */
async function checkLfs({ repository, network, hasLfs }: Look): Promise<Finding[]> {
  const batch = new URL(`${repository.url.href}/info/lfs/objects/batch`)
  const type = 'application/vnd.git-lfs+json'
  const body = JSON.stringify({ operation: 'download', transfers: ['basic'], objects: [] })
  const { status } = await send(
    batch,
    { method: 'POST', headers: { accept: type, 'content-type': type }, body },
    network,
  )
  if (status !== 403 || hasLfs) return []
  const text = 'large files: Bitbucket answers 403 in place of 401 here, after which git-lfs does not ask for a login'
  return [note('lfs', text, `git config --global ${quote(`lfs.${repository.url.href}/info/lfs.access`)} basic`)]
}

/** What git asks first before it fetches or pushes. */
function asGit(service: string, { repository, api, network }: Look): Promise<{ status: number; body: string }> {
  const authorization = `Basic ${Buffer.from(`${USERNAME}:${api.accessToken}`).toString('base64')}`
  // In version 2 the answer does not list all branches.
  const headers = { authorization, 'git-protocol': 'version=2' }
  return send(new URL(`${repository.url.href}/info/refs?service=${service}`), { method: 'GET', headers }, network)
}
