import { lstatSync, renameSync, rmdirSync } from 'node:fs'
import { orUndefined, systemCode } from './failure.ts'
import { sleep } from './sleep.ts'

/** How long a file of Windows that somebody has open is waited for, and the longest pause between two tries. Milliseconds. */
const PATIENCE_MS = 2_000
const LONGEST_PAUSE_MS = 50

/**
 * Whether Windows refuses what it allows a moment later: it neither replaces nor removes what a sibling or a virus scanner has
 * open, and says of what is being removed that it may not be touched.
 *
 * @see https://learn.microsoft.com/windows/win32/fileio/creating-and-opening-files
 */
export function isBusy(error: unknown, platform = process.platform): boolean {
  return platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY', 'ENOTEMPTY'].includes(systemCode(error) ?? '')
}

/** Does some work with a file, on Windows again while that is busy. All this happens in one turn of the event loop. */
export function retryBusy<Result>(work: () => Result, platform = process.platform): Result {
  for (let waited = 0, pause = 1; ; waited += pause, pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error, platform) || waited >= PATIENCE_MS) throw error
      sleep(pause)
    }
  }
}

/**
 * Renames, also onto what is there, as other systems do: onto an empty directory too, where it is a directory itself.
 *
 * @throws Error of the system; ENOTEMPTY, ENOTDIR and EISDIR for what cannot be replaced mean the same on all of them
 */
export function replace(from: string, to: string, { platform = process.platform, rename = renameSync } = {}): void {
  let obstacle: string | undefined
  retryBusy(() => {
    try {
      rename(from, to)
    } catch (error) {
      if (isBusy(error, platform)) obstacle = clearWay(from, to)
      if (obstacle === undefined) throw error
    }
  }, platform)
  if (obstacle !== undefined) throw Object.assign(new Error(`${obstacle}: ${to}`), { code: obstacle })
}

/** On Windows a directory replaces nothing. An empty one goes first: another process may be about to remove it. */
function clearWay(from: string, to: string): 'ENOTEMPTY' | 'ENOTDIR' | 'EISDIR' | undefined {
  const [isTree, isOverTree] = [from, to].map((path) => orUndefined(() => lstatSync(path).isDirectory()))
  // What cannot be looked at may be busy itself: it is tried again.
  if (isTree === undefined || isOverTree === undefined || (!isTree && !isOverTree)) return undefined
  if (isTree !== isOverTree) return isTree ? 'ENOTDIR' : 'EISDIR'
  try {
    rmdirSync(to)
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) return 'ENOTEMPTY'
  }
  return undefined
}
