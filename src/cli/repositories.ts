import { isBelow } from '../base/below.ts'
import { parseRepository, type Repository } from '../bitbucket/repository.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/account.ts'
import { parseAccount, readHostAccount, readProduct } from './account.ts'
import { type Arguments, usageFailure } from './arguments.ts'

/** The repositories that a person names, on one host: that of a URL, or of `--host`; and the account to ask as. */
export function readRepositories(
  words: readonly string[],
  args: Arguments,
  env: NodeJS.ProcessEnv,
): { account: Account; repositories: readonly Repository[] } {
  const [first] = words
  const isUrl = first !== undefined && URL.canParse(first)
  const account = isUrl ? parseAccount(first, args.text('username'), env) : readHostAccount(args, env)
  const base = accountUrl(defaultAccount(account))
  const product = readProduct(account, env)
  const repositories = words.map((word) => {
    const repository = parseRepository(word, base, product)
    if (repository === undefined) throw usageFailure('that URL names a host, but no repository', 'acme/widgets')
    if (!isBelow(repository.url, base))
      throw usageFailure('these repositories are not on the same host', 'use one command for each host')
    return repository
  })
  return { account, repositories }
}
