import { spawnSync } from 'node:child_process'
import type { Home, Outcome } from './home.ts'

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
  return home.run('sh', ['-c', TIDY, 'sh', ...clockVariables(shift), command, ...args], options)
}

/** What a program's environment has then. With a time in the place of a shift, its clock stands still. */
export function clockVariables(shift: string): string[] {
  return [`FAKETIME=${shift}`, 'FAKETIME_DONT_FAKE_MONOTONIC=1', 'NO_FAKE_STAT=1', `LD_PRELOAD=${findFaketime()}`]
}

/** The library leaves two files behind where the first program ends without looking back, as a shell does. */
const TIDY =
  'exec 3<&0; env "$@" <&3 3<&- & wait $!; code=$?; rm -f /dev/shm/sem.faketime_sem_$! /dev/shm/faketime_shm_$!; exit $code'

let library: string | undefined

/**
 * Where the library is that shifts the clock of a program: what the program faketime would preload. That one itself fails
 * where one of the same number was killed before it, so another number may help.
 */
export function findFaketime(): string {
  for (let attempt = 0; library === undefined; attempt++) {
    const print = ['-m', '-f', '+0', 'printenv', 'LD_PRELOAD']
    const { status, stdout, stderr, error } = spawnSync('faketime', print, { encoding: 'utf8' })
    if (error !== undefined) throw new Error('faketime is missing: on Debian, apt-get install faketime')
    if (status === 0) library = stdout.trim()
    else if (attempt === 100) throw new Error(`faketime does not start: ${stderr}`)
  }
  return library
}
