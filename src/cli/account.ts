import { BITBUCKET } from '../base/bitbucket.ts'
import { Failure, orUndefined } from '../base/failure.ts'
import { COMMAND } from '../base/program.ts'
import type { Product } from '../bitbucket/product.ts'
import type { AccountCommands } from '../bitbucket/refusal.ts'
import { readSettings } from '../git/config.ts'
import { loginCommand, refreshCommand } from '../login/loginCommand.ts'
import { resolveServer } from '../login/settings.ts'
import { readProvider } from '../oauth/provider.ts'
import { type Account, accountUrl, defaultAccount, USERNAME } from '../tokens/account.ts'
import { type Arguments, usageFailure } from './arguments.ts'

/** The default account of Bitbucket. */
export const BITBUCKET_ACCOUNT: Account = { protocol: 'https', host: 'bitbucket.org' }

/**
 * The account that a person names by a URL, of the host or of a repository there, and by `--username`, which counts more
 * than a username in the URL. By default that of Bitbucket.
 *
 * @throws Failure for any other text, and for an empty username: a variable without a value must not mean all accounts
 */
export function readAccount(args: Arguments, env: NodeJS.ProcessEnv): Account {
  const username = args.text('username')
  if (username === '') throw usageFailure('the username is empty', 'give a name, or leave out --username')
  return parseAccount(args.text('url') ?? BITBUCKET, username, env)
}

/** The same for a command that makes or ends a login, and a Failure for the name that git is answered: it is nobody's. */
export function readLoginAccount(args: Arguments, env: NodeJS.ProcessEnv): Account {
  const account = readAccount(args, env)
  const name = args.text('username') ?? decode(new URL(args.text('url') ?? BITBUCKET).username)
  if (name !== USERNAME) return account
  throw usageFailure(
    `${USERNAME} is not the name of a user: git is answered with it for every account`,
    `leave it out, or give the username of a login: ${COMMAND} status lists them`,
  )
}

/** The account of `--host` and `--username`, by default that of Bitbucket; a Failure `usage` where the host is no URL. */
export function readHostAccount(args: Arguments, env: NodeJS.ProcessEnv): Account {
  return parseAccount(args.text('host') ?? BITBUCKET, args.text('username'), env)
}

/** What a person types for an account, where a message needs it. */
export function accountCommands(account: Account): AccountCommands {
  return { login: loginCommand(account), refresh: refreshCommand(account) }
}

/** What was obtained for an account, or a Failure where its host is not known. */
export function requireKnown<Obtained>(account: Account, obtained: Obtained | undefined): Obtained {
  if (obtained === undefined) throw unknownHostFailure(account)
  return obtained
}

/** Where git can't tell, or names none that exists, Bitbucket Cloud: the reason is said where the settings are needed. */
export function readProduct(account: Account, env: NodeJS.ProcessEnv): Product {
  return orUndefined(() => readProvider(readSettings('credential', accountUrl(account), env)).product) ?? 'cloud'
}

/** Says that a host is neither Bitbucket nor configured. */
export function unknownHostFailure(account: Account): Failure {
  return new Failure(`${accountUrl(defaultAccount(account))} is neither Bitbucket nor a host that is configured`, {
    code: 'not_configured',
    hints: ["git config --show-origin --name-only --get-regexp '^credential\\.'"],
  })
}

/** The account of a URL; a username beside it counts more than one in it. A Failure `usage` for what is no such URL. */
export function parseAccount(text: string, username: string | undefined, env: NodeJS.ProcessEnv): Account {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.host === '') {
    throw usageFailure('that is not a URL', 'it has to look like https://bitbucket.org')
  }
  const root = { protocol: url.protocol.slice(0, -1), host: url.host }
  const contextPath = url.pathname.replace(BELOW_CONTEXT, '').replace(/\/+$/, '')
  const account = (contextPath !== '' && orUndefined(() => resolveServer({ ...root, contextPath }, env))) || root
  const name = username ?? decode(url.username)
  // The name that git is answered stands for no account of its own.
  return name === '' || name === USERNAME ? account : { ...account, username: name }
}

/** What follows Data Center's context path, in an address to clone from or to look at. */
const BELOW_CONTEXT = /\/(scm|projects|users)(\/.*)?$/

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new Failure('the username in that URL cannot be read', { hints: ['give it with --username'], cause })
  }
}
