import { BITBUCKET } from './oauth/client.ts'
import { quote } from './shell.ts'
import { type Account, accountUrl, defaultAccount } from './tokens/token.ts'

/** What a person types to log in to an account. */
export function loginCommand(account: Account): string {
  const url = accountUrl(defaultAccount(account))
  return [
    'git credential-bitbucket-oauth login',
    ...(account.username === undefined ? [] : ['--username', quote(account.username)]),
    ...(url === BITBUCKET ? [] : [quote(url)]),
  ].join(' ')
}
