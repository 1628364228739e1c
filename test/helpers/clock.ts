import { spawnSync } from 'node:child_process'
import type { Home, Outcome } from './home.ts'

/**
 * One call of the helper by git on a machine whose clock is wrong. Timers and the times of files stay as they are.
 *
 * @param shift as faketime has it: `+1h`, `-1y`; empty for the right clock
 */
export async function helperAt(home: Home, shift: string, operation: string, input: string): Promise<Outcome> {
  if (shift === '') return home.helper(operation, input)
  if (spawnSync('faketime', ['--version']).error !== undefined) {
    throw new Error('faketime is missing: on Debian, apt-get install faketime')
  }
  const clock = ['FAKETIME_DONT_FAKE_MONOTONIC=1', 'NO_FAKE_STAT=1', 'faketime', '-f', shift]
  return home.run('env', [...clock, 'git-credential-bitbucket-oauth', operation], { input })
}
