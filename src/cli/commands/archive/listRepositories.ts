import type { Context } from '../../../base/context.ts'
import { Failure } from '../../../base/failure.ts'
import { isObject } from '../../../base/json.ts'
import { COMMAND } from '../../../base/program.ts'
import { parseRepository, type Repository } from '../../../bitbucket/repository.ts'
import { askForPages } from '../../askForPages.ts'
import type { Session } from '../../session.ts'

/**
 * All repositories of a workspace that the account can see and that hold something.
 *
 * @throws Failure where they are not to be had, or there is none
 */
export async function listRepositories(
  workspace: string,
  session: Session,
  context: Context,
): Promise<readonly Repository[]> {
  const subject = { account: session.account, what: `workspace ${workspace}`, workspace }
  const path = `/2.0/repositories/${encodeURIComponent(workspace)}?pagelen=100`
  const found = (await askForPages(new URL(path, session.apiUrl()), session, subject)).filter(isObject)
  const full = found.filter((repository) => repository['mainbranch'] !== null)
  if (full.length < found.length) context.tell(`${found.length - full.length} repositories are empty, and left out`)
  if (full.length > 0) return full.map((repository) => parse(repository['full_name'], session))
  throw new Failure(`there is nothing to download in workspace ${workspace}, as far as you can see it`, {
    hints: ['compare its name with the address in the browser'],
  })
}

/** What the server sends is a name on its own host, and never an address of another one. */
function parse(name: unknown, { base, account }: Session): Repository {
  const repository = typeof name === 'string' && NAME.test(name) ? parseRepository(name, base) : undefined
  if (repository !== undefined) return repository
  throw new Failure(`${account.host} lists a repository whose name is none`, {
    hints: [`name those that you want: ${COMMAND} archive acme/widgets acme/gadgets`],
  })
}

const NAME = /^[\w.-]+\/[\w.-]+$/
