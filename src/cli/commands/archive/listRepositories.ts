import type { Context } from '../../../base/context.ts'
import { Failure } from '../../../base/failure.ts'
import { isObject } from '../../../base/json.ts'
import { COMMAND } from '../../../base/program.ts'
import { readPages } from '../../../bitbucket/pages.ts'
import { parseRepository, type Repository } from '../../../bitbucket/repository.ts'
import type { Session } from '../../session.ts'

/** All repositories of a workspace that are not empty and that the account can see; a Failure where there is none. */
export async function listRepositories(
  workspace: string,
  session: Session,
  context: Context,
): Promise<readonly Repository[]> {
  const { commands, ask, apiUrl } = session
  const subject = { what: `workspace ${workspace}`, workspace, commands }
  const path = `/2.0/repositories/${encodeURIComponent(workspace)}?pagelen=100`
  const values = await readPages(new URL(path, apiUrl()), ask, subject)
  const found = values.filter(isObject)
  const full = found.filter((repository) => repository['mainbranch'] !== null)
  if (full.length < found.length)
    context.tell(`repositories that are empty and left out: ${found.length - full.length}`)
  if (full.length > 0) return full.map((repository) => parse(repository['full_name'], session))
  throw new Failure(`the account that you logged in with sees nothing to download in workspace ${workspace}`, {
    hints: ['compare its name with the address in the browser'],
  })
}

/** The server sends a name on its own host. An address of another host is not a name. */
function parse(name: unknown, { base, account }: Session): Repository {
  const repository = typeof name === 'string' && NAME.test(name) ? parseRepository(name, base) : undefined
  if (repository !== undefined) return repository
  throw new Failure(`${account.host} lists a repository without a valid name`, {
    hints: [`name those that you want: ${COMMAND} archive acme/widgets acme/gadgets`],
  })
}

const NAME = /^[\w.-]+\/[\w.-]+$/
