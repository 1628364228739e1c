import { BITBUCKET } from '../base/bitbucket.ts'
import { COMMAND } from '../base/program.ts'
import { quote } from '../base/shell.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/account.ts'

/** The command that logs in to an account. */
export function loginCommand(account: Account): string {
  return commandFor('login', account)
}

/** The command that renews an account's access token. */
export function refreshCommand(account: Account): string {
  return commandFor('refresh', account)
}

/** The command that forgets an account's login. */
export function logoutCommand(account: Account): string {
  return commandFor('logout', account)
}

/** The command that forgets the consumer's secret. */
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
