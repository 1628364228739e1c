import type { Context } from '../../../base/context.ts'
import { Failure } from '../../../base/failure.ts'
import { isObject, type JsonObject } from '../../../base/json.ts'
import { COMMAND } from '../../../base/program.ts'
import { isWhole, readPages } from '../../../bitbucket/pages.ts'
import { RESOURCES } from '../../../bitbucket/product.ts'
import { parseRepository, type Repository } from '../../../bitbucket/repository.ts'
import type { Session } from '../../session.ts'
import { AGAIN } from './archiveSeveral.ts'

/** The repositories of a workspace. */
export type Listing = {
  readonly repositories: readonly Repository[]
  /** Why some may be missing; undefined where none is. */
  readonly gap: Failure | undefined
}

/**
 * All repositories of a workspace that are not empty and that the account can see. A list that changed while it was read is
 * read once more.
 *
 * @throws Failure where there is none
 */
export async function listRepositories(workspace: string, session: Session, context: Context): Promise<Listing> {
  const first = await readList(workspace, session)
  const list = first.isWhole ? first : await readList(workspace, session)
  // Of a list that does not keep still, all that was seen is taken.
  const found = [...(list.isWhole ? list.found : new Map([...first.found, ...list.found])).values()]
  const full = found.filter((repository) => repository['mainbranch'] !== null)
  if (full.length < found.length)
    context.tell(`repositories that are empty and left out: ${found.length - full.length}`)
  if (full.length === 0) {
    throw new Failure(`the account that you logged in with sees nothing to download in workspace ${workspace}`, {
      hints: ['compare its name with the address in the browser'],
    })
  }
  return {
    repositories: full.map((repository) => parse(nameOf(repository), session)),
    gap: list.isWhole ? undefined : gapFailure(workspace, session),
  }
}

/** The repositories by name, and whether those are all. */
async function readList(
  workspace: string,
  { commands, ask, apiUrl, product }: Session,
): Promise<{ found: ReadonlyMap<unknown, JsonObject>; isWhole: boolean }> {
  const subject = { what: `workspace ${workspace}`, workspace, commands }
  const list = await readPages(new URL(RESOURCES[product()].repositories(workspace), apiUrl()), ask, subject)
  const found = new Map(list.values.filter(isObject).map((repository) => [nameOf(repository), repository]))
  return { found, isWhole: isWhole(list, found.size) }
}

/** Cloud sends the whole name, Data Center its parts. */
function nameOf({ full_name: name, slug, project }: JsonObject): unknown {
  return name ?? (isObject(project) ? `${String(project['key'])}/${String(slug)}` : undefined)
}

function gapFailure(workspace: string, { account }: Session): Failure {
  return new Failure(
    `${account.host} listed the repositories of workspace ${workspace} twice, and each time the list changed while it was read: some may be missing`,
    { hints: [AGAIN] },
  )
}

/** The server sends a name on its own host. An address of another host is not a name. */
function parse(name: unknown, { base, account, product }: Session): Repository {
  const repository = typeof name === 'string' && NAME.test(name) ? parseRepository(name, base, product()) : undefined
  if (repository !== undefined) return repository
  throw new Failure(`${account.host} lists a repository without a valid name`, {
    hints: [`name those that you want: ${COMMAND} archive acme/widgets acme/gadgets`],
  })
}

const NAME = /^[\w.~-]+\/[\w.-]+$/
