import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from '../../../base/context.ts'
import { Failure, orUndefined } from '../../../base/failure.ts'
import { formatJson } from '../../../base/visible.ts'
import { type ArchiveRequest, archiveUrl, givenName, namesCommit, ownName } from '../../../bitbucket/archive.ts'
import { readAnswerFailure } from '../../../bitbucket/ask.ts'
import { isPage, signedOutFailure } from '../../../bitbucket/follow.ts'
import { repositorySubject } from '../../../bitbucket/refusal.ts'
import { fullName, type Repository } from '../../../bitbucket/repository.ts'
import type { OpenAnswer } from '../../../http/http.ts'
import { JSON_VERSION } from '../../checks/formatFindings.ts'
import type { Progress } from '../../download/progress.ts'
import { saveDownload, type Target } from '../../download/saveDownload.ts'
import type { Session } from '../../session.ts'
import { printLine } from '../../terminal.ts'
import type { ArchiveOrder } from './archiveOrder.ts'

export type ArchiveRun = {
  readonly session: Session
  readonly progress: Progress
  readonly order: ArchiveOrder
  /** The repositories of this run by the path of their archive. */
  readonly taken: Map<string, string>
  readonly context: Context
}

/** `written` and `unpacked` just now; `present` was there before. */
type State = 'written' | 'unpacked' | 'present'

/**
 * Downloads one archive, and prints its path, or JSON (docs/archive.schema.json).
 *
 * @param options.isKept whether a file of the name that Bitbucket gives is taken for the same, without a look, where the name
 *   has the commit in it: then only the beginning of the answer is read
 * @throws Failure where it cannot be downloaded
 */
export async function fetchArchive(
  repository: Repository,
  run: ArchiveRun,
  { isKept = false }: { readonly isKept?: boolean } = {},
): Promise<State> {
  const { session, progress, order, context } = run
  const { ref, format, isJson } = order
  const wanted: ArchiveRequest = { repository, ref, format }
  const name = fullName(repository)
  if (!isKept) progress.label(name)
  const answer = await session.ask(archiveUrl(wanted, { product: session.product(), url: session.apiUrl }))
  if (answer.status !== 200) {
    throw await readAnswerFailure(answer, repositorySubject(repository, session.commands, `${ref} in it`))
  }
  if (isPage(answer) || isNoArchive(answer)) {
    answer.close()
    throw isPage(answer) ? signedOutFailure(answer.url) : noArchiveFailure(answer.url)
  }
  const given = givenName(format, answer.headers['content-disposition'])
  const target = chooseTarget(order, given ?? ownName(wanted))
  if (target.kind === 'file') take(target.path, name, answer, run)
  const tell = (state: State, path: string, bytes: number, sha256?: string): State => {
    const report = { version: JSON_VERSION, repository: name, ref, format, state, path, bytes, sha256 }
    printLine(isJson ? formatJson(report) : path, context)
    return state
  }
  if (
    isKept &&
    given !== undefined &&
    namesCommit(given) &&
    target.kind === 'file' &&
    !target.isTyped &&
    !target.isForced
  ) {
    const found = orUndefined(() => statSync(target.path))
    if (found?.isFile()) {
      answer.close()
      return tell('present', target.path, found.size)
    }
  }
  const { wasPresent, bytes, sha256 } = await saveDownload(answer, target, {
    stdout: context.streams.stdout,
    progress,
    isHashed: isJson,
    isLasting: isKept,
  })
  if (target.kind === 'output') return 'written'
  if (wasPresent) return tell('present', target.path, bytes, sha256)
  return tell(target.kind === 'file' ? 'written' : 'unpacked', target.path, bytes, sha256)
}

/** Two archives of one name would be one file. */
function take(path: string, name: string, answer: OpenAnswer, { taken }: ArchiveRun): void {
  const other = taken.get(path)
  taken.set(path, name)
  if (other === undefined) return
  answer.close()
  throw new Failure(`${path} is already the archive of ${other}`, { hints: ['download this one alone, with -o FILE'] })
}

function chooseTarget({ place }: ArchiveOrder, name: string): Target {
  if (place.kind !== 'directory') return place
  return { kind: 'file', path: join(place.path ?? '.', name), isTyped: false, isForced: place.isForced }
}

/** No archive is a text, or empty. */
function isNoArchive({ headers }: OpenAnswer): boolean {
  return headers['content-length'] === '0' || /^text\//i.test(headers['content-type'] ?? '')
}

function noArchiveFailure({ host }: URL): Failure {
  return new Failure(`${host} sent no archive`, { hints: ['try again in a while'] })
}
