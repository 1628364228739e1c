import { consumerPage, TWO_STEP_PAGE } from '../../base/bitbucket.ts'
import { isFailure } from '../../base/failure.ts'
import { isObject } from '../../base/json.ts'
import { quote } from '../../base/shell.ts'
import { type Api, getResource, type Reply } from '../../bitbucket/api.ts'
import { permissionOf, readRefusal } from '../../bitbucket/refusal.ts'
import type { Repository } from '../../bitbucket/repository.ts'
import { type Network, send } from '../../http/http.ts'
import { loginCommand, refreshCommand } from '../../login/loginCommand.ts'
import { type Account, USERNAME } from '../../tokens/account.ts'
import { fault, faultOf, type Finding, good, note } from './finding.ts'

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
 * Why a repository does not open, told apart by what git, the REST interface for the repository, and the REST interface
 * for its workspace answer: git alone says the same for several reasons.
 */
export async function checkRepository(look: Look): Promise<Finding[]> {
  const { repository, api } = look
  try {
    const reply = await getResource(api, `/2.0/repositories/${repository.workspace}/${repository.name}`)
    if (reply.status !== 200) return [await explain(reply, look)]
    return [await checkRead(look), await checkPush(look), ...(await checkLfs(look))]
  } catch (error) {
    if (!isFailure(error)) throw error
    return [faultOf('repository', error)]
  }
}

async function explain(reply: Reply, look: Look): Promise<Finding> {
  const { repository, account, api } = look
  const name = `${repository.workspace}/${repository.name}`
  const refusal = readRefusal(reply)
  const otherAccount = ['with another account:', loginCommand(account)]
  switch (refusal.reason) {
    case 'token':
      return fault(
        'repository',
        'the access token is not taken any more: it was revoked, or has ended',
        refreshCommand(account),
      )
    case 'scope': {
      const ticks = (refusal.required.length === 0 ? ['repository'] : refusal.required).map((scope) =>
        permissionOf(scope),
      )
      return fault(
        'repository',
        `the consumer lacks a permission: ${ticks.join(' and ')}`,
        `tick it on ${consumerPage(repository.workspace)}, then log in anew:`,
        loginCommand(account),
      )
    }
    case 'network rule':
      return fault(
        'repository',
        `workspace ${repository.workspace} admits certain networks only, and this is none of them`,
        "use the company's network or VPN, or ask the workspace's administrator",
      )
    case 'two-step rule':
      return fault(
        'repository',
        `workspace ${repository.workspace} asks for two-step verification`,
        `switch it on: ${TWO_STEP_PAGE}`,
      )
    case 'access':
      return fault(
        'repository',
        `${name} is there, but the account that you logged in with has no access to it`,
        "ask the repository's administrator for access",
        ...otherAccount,
      )
    case 'missing':
      return explainMissing(
        name,
        await getResource(api, `/2.0/repositories/${repository.workspace}?pagelen=100`),
        otherAccount,
        repository,
      )
    default:
      return fault(
        'repository',
        `${api.url.host} gives no usable answer (HTTP ${reply.status})`,
        'try again in a while',
      )
  }
}

function explainMissing(
  name: string,
  workspace: Reply,
  otherAccount: readonly string[],
  repository: Repository,
): Finding {
  if (workspace.status === 404) {
    return fault(
      'repository',
      `there is no workspace ${repository.workspace}`,
      'compare the URL with that in the browser',
    )
  }
  const values = workspace.message?.['values']
  const names = (Array.isArray(values) ? values : []).map((value: unknown) =>
    isObject(value) ? String(value['slug']) : '',
  )
  if (names.length === 0) {
    return fault(
      'repository',
      `${name} is not there, or not for the account that you logged in with, which sees nothing in ${repository.workspace}`,
      ...otherAccount,
    )
  }
  const near = names.filter((other) => isNear(other, repository.name))
  return fault(
    'repository',
    `there is no repository ${name}, or it is hidden from an account that sees ${names.length} others there`,
    near.length === 0 ? 'compare the URL with that in the browser' : `did you mean ${repository.workspace}/${near[0]}?`,
    ...otherAccount,
  )
}

/** Whether somebody may have meant one and typed the other: a letter too many, too few, another, or a hyphen. */
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
  return fault('repository', text, refreshCommand(account), 'if that does not do:', loginCommand(account))
}

async function checkPush(look: Look): Promise<Finding> {
  const { repository, account } = look
  const { status, body } = await asGit('git-receive-pack', look)
  if (status === 200) return good('push', 'is permitted')
  if (status === 403 && /privilege scopes/i.test(body)) {
    return note(
      'push',
      `the consumer lacks a permission: ${permissionOf('repository:write')}`,
      `to push, tick it on ${consumerPage(repository.workspace)}, then log in anew:`,
      loginCommand(account),
    )
  }
  return note('push', `is not permitted to the account that you logged in with (HTTP ${status})`)
}

/** Where large files are refused to whoever does not say who they are, git-lfs never asks for a login. */
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
  const text = 'large files: Bitbucket answers 403 in place of 401 here, after which git-lfs asks nobody for a login'
  return [note('lfs', text, `git config --global ${quote(`lfs.${repository.url.href}/info/lfs.access`)} basic`)]
}

/** What git asks first before it fetches or pushes. */
function asGit(service: string, { repository, api, network }: Look): Promise<{ status: number; body: string }> {
  const authorization = `Basic ${Buffer.from(`${USERNAME}:${api.accessToken}`).toString('base64')}`
  // In version 2 the answer does not list all branches.
  const headers = { authorization, 'git-protocol': 'version=2' }
  return send(new URL(`${repository.url.href}/info/refs?service=${service}`), { method: 'GET', headers }, network)
}
