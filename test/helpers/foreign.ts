import { chownSync } from 'node:fs'
import { makeDirectory } from './directory.ts'

/** A directory that belongs to another user: root's, or, for root itself, one that is given away. */
export function makeForeignDirectory(t: { teardown: (work: () => void) => void }): string {
  if (process.getuid?.() !== 0) return '/'
  const directory = makeDirectory(t)
  chownSync(directory, 12_345, 12_345)
  return directory
}
