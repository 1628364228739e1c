import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * How many instructions a program executes in user space, by Valgrind's callgrind: unlike time, that does not depend on what else the
 * machine does. Node needs `--random-seed` to do the same each time.
 *
 * @throws Error where Valgrind is missing, or the program fails
 */
export function countInstructions(
  command: readonly string[],
  { env, input }: { readonly env: NodeJS.ProcessEnv; readonly input: string },
): { readonly instructions: number; readonly stdout: string } {
  const directory = mkdtempSync(join(tmpdir(), 'instructions-'))
  try {
    const file = join(directory, 'callgrind')
    const args = ['--tool=callgrind', `--callgrind-out-file=${file}`, ...command]
    const { error, status, stdout, stderr } = spawnSync('valgrind', args, { env, input, encoding: 'utf8' })
    if (error !== undefined) throw new Error('valgrind is missing: apt-get install valgrind', { cause: error })
    if (status !== 0) throw new Error(stderr)
    const [, total] = /^(?:totals|summary): (\d+)/m.exec(readFileSync(file, 'utf8')) ?? []
    return { instructions: Number(total), stdout }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
