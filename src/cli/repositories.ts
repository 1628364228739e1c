import { parseRepository, type Repository } from '../bitbucket/repository.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/account.ts'
import { parseAccount, readHostAccount } from './account.ts'
import { type Arguments, usageFailure } from './arguments.ts'

/** The repositories that a person names, on one host: that of a URL, or of `--host`; and the account to ask as. */
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
    if (repository === undefined) throw usageFailure('that URL names a host, but no repository', 'acme/widgets')
    if (repository.url.origin !== base)
      throw usageFailure('these repositories are not on the same host', 'use one command for each host')
    return repository
  })
  return { account, repositories }
}
