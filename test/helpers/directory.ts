import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A directory that goes with the test. Its path has a blank and a letter outside ASCII, as some people's have. */
export function makeDirectory(t: { teardown: (work: () => void) => void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'directory for Zoë '))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
