import { Failure, isFailure } from '../../../base/failure.ts'
import { formatJson } from '../../../base/visible.ts'
import { fullName, type Repository } from '../../../bitbucket/repository.ts'
import { JSON_VERSION } from '../../checks/formatFindings.ts'
import { type ArchiveRun, fetchArchive } from './fetchArchive.ts'

/** More would be no faster, and Bitbucket limits requests. */
const AT_A_TIME = 4

/** Failures for one repository that all others would meet too. */
const HOPELESS = new Set(['login_required', 'login_paused', 'not_configured', 'usage'])

/** The hint after which what is missing comes, and nothing else. */
export const AGAIN = 'run the same command again: what is there already is not downloaded again'

/** Downloads archives. The Failure names those that failed, after all others are there, or tells why all would fail. */
export async function archiveSeveral(named: readonly Repository[], run: ArchiveRun): Promise<void> {
  const { progress, order, context } = run
  // Two downloads of the same file at once would get in each other's way.
  const repositories = [...new Map(named.map((repository) => [repository.url.href, repository])).values()]
  const failed: { readonly name: string; readonly failure: Failure }[] = []
  let present = 0
  let done = 0
  const showDone = (): void => progress.label(`${done} of ${repositories.length}`)
  showDone()
  await eachOf(repositories, async (repository) => {
    const name = fullName(repository)
    try {
      const state = await fetchArchive(repository, run, { isKept: true })
      if (state === 'present') present += 1
    } catch (error) {
      if (!isFailure(error) || HOPELESS.has(error.code ?? '')) throw error
      failed.push({ name, failure: error })
      if (order.isJson) context.write(`${formatJson(describe(name, error, run))}\n`)
    }
    done += 1
    showDone()
  })
  if (present > 0) context.tell(`${present} of ${repositories.length} archives were there already`)
  if (failed.length === 0) return
  for (const { name, failure } of failed) context.tell(`${name}: ${failure.message}`)
  throw new Failure(
    `${failed.length} of ${repositories.length} archives are missing: ${failed.map(({ name }) => name).join(', ')}`,
    {
      hints: [...new Set(failed.flatMap(({ failure }) => failure.hints)), AGAIN],
    },
  )
}

/** A line of docs/archive.schema.json. */
function describe(name: string, { message }: Failure, { order: { ref, format } }: ArchiveRun): object {
  return { version: JSON_VERSION, repository: name, ref, format, state: 'failed', error: message }
}

async function eachOf<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items]
  const workers = Array.from({ length: AT_A_TIME }, async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  })
  await Promise.all(workers)
}
