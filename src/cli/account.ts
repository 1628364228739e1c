import { BITBUCKET } from '../base/bitbucket.ts'
import { Failure } from '../base/failure.ts'
import { COMMAND } from '../base/program.ts'
import { type Account, accountUrl, defaultAccount, USERNAME } from '../tokens/account.ts'
import type { Arguments } from './arguments.ts'

/** The default account of Bitbucket. */
export const BITBUCKET_ACCOUNT: Account = { protocol: 'https', host: 'bitbucket.org' }

/**
 * The account that a person names by a URL, of the host or of a repository there, and by `--username`, which counts more
 * than a username in the URL. By default that of Bitbucket.
 *
 * @throws Failure for what is no such URL, and for an empty username: a variable without a value must not mean everybody
 */
export function readAccount(args: Arguments): Account {
  const username = args.text('username')
  if (username === '') {
    throw new Failure('the username is empty', { hints: ['give a name, or leave out --username'], code: 'usage' })
  }
  return parseAccount(args.text('url') ?? BITBUCKET, username)
}

/**
 * As {@link readAccount}, for what makes or ends a login: there the name that git is answered must not stand for anybody.
 *
 * @throws Failure for that name too
 */
export function readLoginAccount(args: Arguments): Account {
  const account = readAccount(args)
  const name = args.text('username') ?? decode(new URL(args.text('url') ?? BITBUCKET).username)
  if (name !== USERNAME) return account
  throw new Failure(`${USERNAME} is nobody's username: git is answered with it for every account`, {
    hints: [`leave it out, or give the username of a login: ${COMMAND} status lists them`],
    code: 'usage',
  })
}

/** What to say of a host that is neither Bitbucket nor configured. */
export function unknownHostFailure(account: Account): Failure {
  return new Failure(`${accountUrl(defaultAccount(account))} is neither Bitbucket nor a host that is configured`, {
    code: 'not_configured',
    hints: ["git config --show-origin --name-only --get-regexp '^credential\\.'"],
  })
}

/**
 * The account of a URL.
 *
 * @param username counts more than one in the URL
 * @throws Failure with the code `usage` for what is no such URL
 */
export function parseAccount(text: string, username: string | undefined): Account {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.host === '') {
    throw new Failure('that is no URL', { hints: ['it has to look like https://bitbucket.org'], code: 'usage' })
  }
  const account = { protocol: url.protocol.slice(0, -1), host: url.host }
  const name = username ?? decode(url.username)
  // What git is answered is the name of nobody.
  return name === '' || name === USERNAME ? account : { ...account, username: name }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new Failure('the username in that URL cannot be read', { hints: ['give it with --username'], cause })
  }
}
