import { Failure } from '../failure.ts'
import type { Account } from '../tokens/token.ts'

/**
 * The account that a person names by a URL, of the host or of a repository there.
 *
 * @param username instead of one in the URL
 * @throws Failure for what is no such URL
 */
export function parseAccount(text: string, username: string | undefined): Account {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.host === '') {
    throw new Failure('that is no URL', { hints: ['it has to look like https://bitbucket.org'] })
  }
  const name = username ?? decodeURIComponent(url.username)
  const account = { protocol: url.protocol.slice(0, -1), host: url.host }
  return name === '' ? account : { ...account, username: name }
}
