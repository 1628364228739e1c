import { statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { orUndefined, systemCode } from '../../base/failure.ts'
import { openOwn } from '../../base/ownPath.ts'

/** Whether a pipe, a terminal or `/dev/null` is at a path: it is written into, and not replaced. */
export function isDevice(path: string): boolean {
  const found = orUndefined(() => statSync(path))
  return found !== undefined && !found.isFile() && !found.isDirectory()
}

/** Between two tries at a pipe that nobody reads, or that is full. Milliseconds. */
const PAUSE_MS = 20

/** Opens a pipe, a terminal or `/dev/null`, none of another user's. Waits for a reader, until a signal ends it. */
export async function openDevice(path: string): Promise<number> {
  for (;;) {
    try {
      return openOwn(path)
    } catch (error) {
      // The system's word for a pipe without a reader.
      if (systemCode(error) !== 'ENXIO') throw error
      await waitForReader()
    }
  }
}

/** To be awaited before a full pipe is written to once more. */
export async function waitForReader(): Promise<void> {
  await sleep(PAUSE_MS)
}
