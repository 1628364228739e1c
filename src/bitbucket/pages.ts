import { Failure } from '../base/failure.ts'
import type { JsonObject } from '../base/json.ts'

/**
 * Where the next page of a list is.
 *
 * @param origin of the REST interface: the access token goes nowhere else
 * @returns undefined for the last page
 * @throws Failure where the next page is said to be somewhere else
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
 */
export function nextPage({ next }: JsonObject, origin: string): URL | undefined {
  if (typeof next !== 'string') return undefined
  if (URL.canParse(next) && new URL(next).origin === origin) return new URL(next)
  throw new Failure(`the next page is said to be elsewhere than on ${origin}, where the access token does not go`, {
    hints: ['something stands between this machine and the server, or the server is broken'],
  })
}
