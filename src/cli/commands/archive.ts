import type { Surroundings } from '../../base/context.ts'
import type { Arguments } from '../arguments.ts'
import { refuseFull } from '../download/extract.ts'
import { refuseScreen } from '../download/output.ts'
import { startProgress } from '../download/progress.ts'
import { refuseDirectory } from '../download/wholeFile.ts'
import { openBearer } from '../session.ts'
import { type ArchiveOrder, readOrder } from './archive/archiveOrder.ts'
import { archiveSeveral } from './archive/archiveSeveral.ts'
import { fetchArchive, type Means } from './archive/fetchArchive.ts'
import { listRepositories } from './archive/listRepositories.ts'

/**
 * `archive`: downloads what repositories hold at a ref, and prints where it lies.
 *
 * @throws Failure where an archive is not to be had; of several, the others are there
 */
export async function archive(args: Arguments, around: Surroundings): Promise<void> {
  const order = readOrder(args)
  refuseInVain(order)
  const progress = startProgress(process.stderr)
  // Nothing is written into the middle of the line that moves.
  const beside: Surroundings = {
    ...around,
    tell: (text) => progress.aside(() => around.tell(text)),
    write: (text) => progress.aside(() => around.write(text)),
  }
  const means: Means = { bearer: openBearer(order.account, beside), progress, order, taken: new Map(), around: beside }
  try {
    if (order.workspace !== undefined) {
      await archiveSeveral(await listRepositories(order.workspace, means.bearer, beside), means)
    } else if (order.repositories.length > 1) await archiveSeveral(order.repositories, means)
    else for (const repository of order.repositories) await fetchArchive(repository, means)
  } finally {
    progress.end()
  }
}

/** Before anything is downloaded. */
function refuseInVain({ place }: ArchiveOrder): void {
  if (place.kind === 'output') refuseScreen()
  if (place.kind === 'file') refuseDirectory(place.path)
  if (place.kind === 'unpacked') refuseFull(place.path)
}
