import { isObject } from '../base/json.ts'
import type { Reply } from './api.ts'

/** Why Bitbucket refused something, as far as its answer tells. */
export type Refusal =
  | { readonly reason: 'token' | 'access' | 'missing' | 'network rule' | 'two-step rule' | 'busy' | 'other' }
  | { readonly reason: 'scope'; readonly required: readonly string[] }

/**
 * What an answer other than 2xx means. One text of Bitbucket's stands for a token that is no good, for no access, and for
 * what does not exist, so the status counts first.
 *
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/intro/#error-responses
 */
export function readRefusal({ status, message, text }: Pick<Reply, 'status' | 'message' | 'text'>): Refusal {
  const error = isObject(message?.['error']) ? message['error'] : {}
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
