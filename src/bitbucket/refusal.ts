import { consumerPage, TWO_STEP_PAGE } from '../base/bitbucket.ts'
import { Failure } from '../base/failure.ts'
import { isObject, parseObject } from '../base/json.ts'
import { COMMAND } from '../base/program.ts'
import { fullName, type Repository } from './repository.ts'

/** Why Bitbucket refused something, as far as its answer tells. */
export type Refusal =
  | { readonly reason: 'token' | 'access' | 'missing' | 'network rule' | 'two-step rule' | 'busy' | 'other' }
  | { readonly reason: 'scope'; readonly required: readonly string[] }

/** An answer other than 2xx, with its whole text. */
export type RefusedAnswer = { readonly host: string; readonly status: number; readonly text: string }

/** What was asked for, as the message names it. */
export type Subject = {
  /** Follows "there is no": `acme/widgets`. */
  readonly what: string
  /** What may be missing in it. Follows "or no": `v1.2 in it`. */
  readonly part?: string
  readonly workspace?: string | undefined
  /** The repository that doctor can look at: `acme/widgets`. */
  readonly repository?: string
  /** Whether a person wrote the request, and may have written it wrongly. */
  readonly isHandwritten?: boolean
  readonly commands: AccountCommands
}

/** What a person types for the account that asked. */
export type AccountCommands = { readonly login: string; readonly refresh: string }

/** A repository, or a part of it, as a {@link Subject}. */
export function repositorySubject(repository: Repository, commands: AccountCommands, part?: string): Subject {
  const name = fullName(repository)
  return {
    what: name,
    workspace: repository.workspace,
    repository: name,
    commands,
    ...(part === undefined ? {} : { part }),
  }
}

/** Why Bitbucket refused something, and what to do about it: the one table of it. */
export function refusalFailure(answer: RefusedAnswer, subject: Subject): Failure {
  const { host, status, text } = answer
  const { what, part, workspace, repository, isHandwritten, commands } = subject
  const refusal = readRefusal(answer)
  const place = workspace === undefined ? 'the workspace' : `workspace ${workspace}`
  const doctor = `to find out why: ${COMMAND} doctor${repository === undefined ? '' : ` ${repository}`}`
  const otherAccount = `with another account: ${commands.login}`
  switch (refusal.reason) {
    case 'token':
      return new Failure(`${host} does not accept the access token any more: it was revoked, or it has ended`, {
        hints: [commands.refresh, `if that does not help: ${commands.login}`],
      })
    case 'scope': {
      const scopes = refusal.required.length === 0 ? ['repository'] : refusal.required
      return new Failure(`the consumer lacks a permission: ${permissions(scopes)}`, {
        hints: permissionHints(scopes, workspace, commands),
      })
    }
    case 'network rule':
      return new Failure(`${place} admits only certain networks, and this is not one of them`, {
        hints: ["use the company's network or VPN, or ask the workspace's administrator"],
      })
    case 'two-step rule':
      return new Failure(`${place} requires two-step verification`, { hints: [`switch it on: ${TWO_STEP_PAGE}`] })
    case 'access':
      return new Failure(`the account that you logged in with has no access to ${what}`, {
        hints: ["ask the repository's or workspace's administrator for access", otherAccount],
      })
    case 'missing': {
      const orPart = part === undefined ? '' : `, or no ${part}`
      return new Failure(`there is no ${what}${orPart}, or the account that you logged in with cannot see it`, {
        hints: [doctor, otherAccount],
      })
    }
    case 'busy':
      return new Failure(`${host} accepts no more requests for now (HTTP 429)`, {
        hints: ['it counts them by the hour: try again later'],
      })
    default:
      return new Failure(`${host} answered with HTTP ${status}${quoteWords(text)}`, {
        hints: [status >= 500 ? 'try again in a while' : isHandwritten ? READ_REFERENCE : doctor],
      })
  }
}

const READ_REFERENCE = 'compare the request with https://developer.atlassian.com/cloud/bitbucket/rest/'

/**
 * What an answer other than 2xx means. One text of Bitbucket's stands for a token that is not valid, for no access, and for
 * what does not exist, so the status counts first.
 *
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/intro/#error-responses
 */
export function readRefusal({ status, text }: Pick<RefusedAnswer, 'status' | 'text'>): Refusal {
  const error = parseError(text)
  const words = typeof error['message'] === 'string' ? error['message'] : text
  if (status === 401) return { reason: 'token' }
  if (status === 404) return { reason: 'missing' }
  if (status === 429) return { reason: 'busy' }
  if (status !== 403) return { reason: 'other' }
  // Bitbucket has no codes for these; only its words tell.
  if (/two-step|two-factor|2fa/i.test(words)) return { reason: 'two-step rule' }
  if (/whitelist|allowlist|\bIP\b/i.test(words)) return { reason: 'network rule' }
  const required = isObject(error['detail']) ? error['detail']['required'] : undefined
  if (Array.isArray(required)) return { reason: 'scope', required: required.map(String) }
  return /privilege scopes/i.test(words) ? { reason: 'scope', required: [] } : { reason: 'access' }
}

/** Bitbucket's own words, with those on single fields. */
function quoteWords(text: string): string {
  const error = parseError(text)
  if (typeof error['message'] !== 'string') return ''
  const fields = Object.entries(isObject(error['fields']) ? error['fields'] : {}).map(
    ([name, texts]) => `${name}: ${[texts].flat().map(String).join(' ')}`,
  )
  return `: ${[error['message'], ...fields].join('; ')}`
}

/** Cloud has one error, Data Center a list of them. */
function parseError(text: string): Readonly<Record<string, unknown>> {
  const answer = parseObject(text)
  const errors: unknown = answer?.['errors']
  const error: unknown = answer?.['error'] ?? (Array.isArray(errors) ? errors[0] : undefined)
  return isObject(error) ? error : {}
}

/** What to do for a consumer that lacks permissions: a token has those that the consumer had at the login. */
export function permissionHints(
  scopes: readonly string[],
  workspace: string | undefined,
  { login }: AccountCommands,
): string[] {
  return [
    `edit the consumer on ${consumerPage(workspace)}: tick ${permissions(scopes)}, and save`,
    `then log in once more: ${login}`,
  ]
}

function permissions(scopes: readonly string[]): string {
  return scopes.map(permissionOf).join(' and ')
}

/** What is ticked on the consumer's page for a scope. */
export function permissionOf(scope: string): string {
  const [resource = scope, right = 'read'] = scope.split(':')
  const names: Readonly<Record<string, string>> = {
    account: 'Account',
    issue: 'Issues',
    pipeline: 'Pipelines',
    project: 'Projects',
    pullrequest: 'Pull requests',
    repository: 'Repositories',
    snippet: 'Snippets',
    webhook: 'Webhooks',
    wiki: 'Wikis',
  }
  return `${names[resource] ?? resource}: ${right.charAt(0).toUpperCase()}${right.slice(1)}`
}
