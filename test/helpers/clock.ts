import { spawnSync } from 'node:child_process'
import type { Home, Outcome } from './home.ts'

let isMissing: boolean | undefined

/**
 * One call of the helper by git on a machine whose clock is wrong. Timers and the times of files stay as they are.
 *
 * @param shift as faketime has it: `+1h`, `-1y`; empty for the right clock
 */
export async function helperAt(home: Home, shift: string, operation: string, input: string): Promise<Outcome> {
  return runAt(home, shift, ['git-credential-bitbucket-oauth', operation], input)
}

/** Any command, as {@link helperAt}. */
export async function runAt(
  home: Home,
  shift: string,
  [command, ...args]: readonly [string, ...string[]],
  input?: string,
): Promise<Outcome> {
  const options = input === undefined ? {} : { input }
  if (shift === '') return home.run(command, args, options)
  isMissing ??= spawnSync('faketime', ['--version']).error !== undefined
  if (isMissing) {
    throw new Error('faketime is missing: on Debian, apt-get install faketime')
  }
  const clock = ['FAKETIME_DONT_FAKE_MONOTONIC=1', 'NO_FAKE_STAT=1', 'faketime', '-f', shift]
  return home.run('env', [...clock, 'sh', '-c', `${LEAVE}; exec "$@"`, 'sh', command, ...args], options)
}

/** What stays, as the daemon of git's credential-cache, shall not be waited for: faketime does, by a pipe of its own. */
const LEAVE = 'exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-'
