import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Surroundings } from '../../../base/context.ts'
import { attempt, Failure } from '../../../base/failure.ts'
import { archiveUrl, givenName, ownName, type Wanted } from '../../../bitbucket/archive.ts'
import { isPage, signedOut } from '../../../bitbucket/follow.ts'
import type { Repository } from '../../../bitbucket/repository.ts'
import type { OpenAnswer } from '../../../http/http.ts'
import { JSON_VERSION } from '../../checks/formatFindings.ts'
import type { Progress } from '../../download/progress.ts'
import { saveDownload, type Target } from '../../download/saveDownload.ts'
import { explainRefusal } from '../../refused.ts'
import type { Bearer } from '../../session.ts'
import type { ArchiveOrder } from './archiveOrder.ts'

export type Means = {
  readonly bearer: Bearer
  readonly progress: Progress
  readonly order: ArchiveOrder
  /** Of several: where an archive of this run goes, and whose it is. */
  readonly taken: Map<string, string>
  readonly around: Surroundings
}

/** `written` and `unpacked` just now; `present` was there before. */
type State = 'written' | 'unpacked' | 'present'

/**
 * Downloads one archive, and prints where it lies, as a path or as JSON (docs/archive.schema.json).
 *
 * @param options.isKept whether an archive that is there already under the name that Bitbucket gives, which has the commit
 *   in it, is taken for what it is: then no more than the beginning of the answer is read
 * @throws Failure where it is not to be had
 */
export async function fetchArchive(
  repository: Repository,
  means: Means,
  { isKept = false }: { readonly isKept?: boolean } = {},
): Promise<State> {
  const { bearer, progress, order, around } = means
  const { ref, format, isJson } = order
  const wanted: Wanted = { repository, ref, format }
  const name = `${repository.workspace}/${repository.name}`
  if (!isKept) progress.label(name)
  const answer = await bearer.ask(archiveUrl(wanted))
  if (answer.status !== 200) throw await explain(answer, wanted, bearer)
  if (isPage(answer)) throw refusePage(answer)
  if (isNothing(answer)) throw refuseText(answer)
  const given = givenName(format, answer.headers['content-disposition'])
  const target = chooseTarget(order, given ?? ownName(wanted))
  if (target.kind === 'file') take(target.path, name, answer, means)
  const tell = (state: State, path: string, bytes: number, sha256?: string): State => {
    const report = { version: JSON_VERSION, repository: name, ref, format, state, path, bytes, sha256 }
    around.write(isJson ? `${JSON.stringify(report)}\n` : `${path}\n`)
    return state
  }
  if (isKept && given !== undefined && target.kind === 'file') {
    const found = attempt(() => statSync(target.path))
    if (found?.isFile()) {
      answer.close()
      return tell('present', target.path, found.size)
    }
  }
  const { bytes, sha256 } = await saveDownload(answer, target, { progress, isHashed: isJson, isLasting: isKept })
  if (target.kind === 'output') return 'written'
  return tell(target.kind === 'file' ? 'written' : 'unpacked', target.path, bytes, sha256)
}

/** Two archives of one name would be one file, and nobody could tell whose. */
function take(path: string, name: string, answer: OpenAnswer, { taken }: Means): void {
  const other = taken.get(path)
  taken.set(path, name)
  if (other === undefined) return
  answer.close()
  throw new Failure(`${path} is the archive of ${other} already`, { hints: ['download this one alone, with -o FILE'] })
}

function chooseTarget({ place }: ArchiveOrder, name: string): Target {
  return place.kind === 'directory' ? { kind: 'file', path: join(place.path ?? '.', name) } : place
}

function refusePage(answer: OpenAnswer): Failure {
  answer.close()
  return signedOut(answer.url)
}

/** No archive is a text, or empty. */
function isNothing({ headers }: OpenAnswer): boolean {
  return headers['content-length'] === '0' || /^text\//i.test(headers['content-type'] ?? '')
}

function refuseText({ url, close }: OpenAnswer): Failure {
  close()
  return new Failure(`${url.host} sent no archive`, { hints: ['try again in a while'] })
}

function explain(answer: OpenAnswer, { repository, ref }: Wanted, { account }: Bearer): Promise<Failure> {
  const name = `${repository.workspace}/${repository.name}`
  const subject = {
    account,
    what: `${name}, or nothing called ${ref} in it`,
    workspace: repository.workspace,
    repository: name,
  }
  return explainRefusal(answer, subject)
}
