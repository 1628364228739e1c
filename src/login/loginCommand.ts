import { BITBUCKET } from '../base/bitbucket.ts'
import { COMMAND } from '../base/program.ts'
import { quote } from '../base/shell.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/account.ts'

/** What a person types to log in to an account. */
export function loginCommand(account: Account): string {
  return commandFor('login', account)
}

/** What a person types to renew an account's access token. */
export function refreshCommand(account: Account): string {
  return commandFor('refresh', account)
}

/** What a person types to have the consumer's secret forgotten. */
export function forgetConsumerCommand(account: Account): string {
  return commandFor('logout --consumer', defaultAccount(account))
}

function commandFor(command: string, account: Account): string {
  const url = accountUrl(defaultAccount(account))
  return [
    `${COMMAND} ${command}`,
    ...(account.username === undefined ? [] : ['--username', quote(account.username)]),
    ...(url === BITBUCKET ? [] : [quote(url)]),
  ].join(' ')
}
