import { BITBUCKET } from '../base/bitbucket.ts'
import { Failure } from '../base/failure.ts'
import { parseRepository, type Repository } from '../bitbucket/repository.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/account.ts'
import { parseAccount } from './account.ts'
import type { Arguments } from './arguments.ts'

/**
 * The account of `--host` and `--username`, by default that of Bitbucket.
 *
 * @throws Failure with the code `usage` for what is no URL
 */
export function readHostAccount(args: Arguments): Account {
  return parseAccount(args.text('host') ?? BITBUCKET, args.text('username'))
}

/**
 * The repositories that a person names, and the account to ask as: a URL names its host, and a name that of `--host`.
 *
 * @throws Failure with the code `usage` for what names none, and for repositories of several hosts
 */
export function readRepositories(
  words: readonly string[],
  args: Arguments,
): { account: Account; repositories: readonly Repository[] } {
  const [first] = words
  const isUrl = first !== undefined && URL.canParse(first)
  const account = isUrl ? parseAccount(first, args.text('username')) : readHostAccount(args)
  const base = accountUrl(defaultAccount(account))
  const repositories = words.map((word) => {
    const repository = parseRepository(word, base)
    if (repository === undefined) throw usageFailure('that names a host, and no repository', 'acme/widgets')
    if (repository.url.origin !== base)
      throw usageFailure('these repositories are not on the same host', 'one command for each')
    return repository
  })
  return { account, repositories }
}

/** What cannot be done as it was typed. */
export function usageFailure(message: string, ...hints: readonly string[]): Failure {
  return new Failure(message, { code: 'usage', hints })
}
