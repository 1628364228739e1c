import type { Surroundings } from '../../../base/context.ts'
import { Failure } from '../../../base/failure.ts'
import { isObject } from '../../../base/json.ts'
import { parseRepository, type Repository } from '../../../bitbucket/repository.ts'
import { askForPages } from '../../askForPages.ts'
import type { Bearer } from '../../session.ts'

/**
 * All repositories of a workspace that the account can see and that hold something.
 *
 * @throws Failure where they are not to be had, or there is none
 */
export async function listRepositories(
  workspace: string,
  bearer: Bearer,
  around: Surroundings,
): Promise<readonly Repository[]> {
  const subject = { account: bearer.account, what: `workspace ${workspace}`, workspace }
  const path = `/2.0/repositories/${encodeURIComponent(workspace)}?pagelen=100`
  const found = (await askForPages(new URL(path, bearer.apiUrl()), bearer, subject)).filter(isObject)
  const full = found.filter((repository) => repository['mainbranch'] !== null)
  if (full.length < found.length) around.tell(`${found.length - full.length} repositories are empty, and left out`)
  if (full.length > 0) return full.map((repository) => parse(repository['full_name'], bearer))
  throw new Failure(`there is nothing to download in workspace ${workspace}, as far as you can see it`, {
    hints: ['compare its name with the address in the browser'],
  })
}

/** What the server sends is a name on its own host, and never an address of another one. */
function parse(name: unknown, { base, account }: Bearer): Repository {
  const repository = typeof name === 'string' && NAME.test(name) ? parseRepository(name, base) : undefined
  if (repository !== undefined) return repository
  throw new Failure(`${account.host} lists a repository whose name is none`, {
    hints: ['name those that you want: git credential-bitbucket-oauth archive acme/widgets acme/gadgets'],
  })
}

const NAME = /^[\w.-]+\/[\w.-]+$/
