import type { Context } from '../../base/context.ts'
import type { Arguments } from '../arguments.ts'
import { assertEmptyDirectory } from '../download/wholeFile.ts'
import { assertNotTerminal } from '../download/output.ts'
import { startProgress } from '../download/progress.ts'
import { assertNoDirectory } from '../download/wholeFile.ts'
import { openSession } from '../session.ts'
import { type ArchiveOrder, readOrder } from './archive/archiveOrder.ts'
import { archiveSeveral } from './archive/archiveSeveral.ts'
import { type ArchiveRun, fetchArchive } from './archive/fetchArchive.ts'
import { listRepositories } from './archive/listRepositories.ts'

/** `archive`: downloads what repositories hold at a ref, and prints each path. Of several, one that fails stops no other. */
export async function archive(args: Arguments, context: Context): Promise<void> {
  const order = readOrder(args, context.env)
  assertDestination(order, context)
  const progress = startProgress(context.streams.stderr)
  // Nothing is written into the middle of the line that moves.
  const beside: Context = {
    ...context,
    tell: (text) => progress.aside(() => context.tell(text)),
    write: (text) => progress.aside(() => context.write(text)),
  }
  const run: ArchiveRun = {
    session: openSession(order.account, beside),
    progress,
    order,
    taken: new Map(),
    context: beside,
  }
  try {
    if (order.workspace !== undefined) await archiveAll(order.workspace, run)
    else if (order.repositories.length > 1) await archiveSeveral(order.repositories, run)
    else for (const repository of order.repositories) await fetchArchive(repository, run)
  } finally {
    progress.end()
  }
}

/** Downloads what is listed, also where that may not be all. Then that is the Failure. */
async function archiveAll(workspace: string, run: ArchiveRun): Promise<void> {
  const { repositories, gap } = await listRepositories(workspace, run.session, run.context)
  try {
    await archiveSeveral(repositories, run)
  } catch (error) {
    if (gap !== undefined) run.context.tell(gap.message)
    throw error
  }
  if (gap !== undefined) throw gap
}

/** Refuses a place that cannot be written to before anything is downloaded. */
function assertDestination({ place }: ArchiveOrder, context: Context): void {
  if (place.kind === 'output') assertNotTerminal(context.streams.stdout)
  if (place.kind === 'file') assertNoDirectory(place.path)
  if (place.kind === 'unpacked') assertEmptyDirectory(place.path)
}
