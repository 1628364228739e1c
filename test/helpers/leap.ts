import type { ExecutionContext } from 'ava'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFaketime } from './clock.ts'
import type { Home, Outcome } from './home.ts'

/** So far the clock leaps each time. All limits of the program are multiples of it. Seconds. */
const LEAP = 5

/** Between two looks. Milliseconds. */
const PAUSE_MS = 10

/** After so many leaps no limit can end the program any more. */
const MOST_LEAPS = 100

export type Waited = Outcome & {
  /** How long the program has waited by its own clock. Seconds. */
  readonly seconds: number
}

/**
 * Runs a command whose clock leaps, as that of a machine that sleeps and wakes, while there is nothing but to wait. What
 * the program computes takes no time by that clock, so nothing depends on how fast this machine is.
 *
 * @param isWaiting whether the program waits for something that never comes
 */
export async function runLeaping(
  t: ExecutionContext,
  home: Home,
  [command = '', ...args]: readonly string[],
  { input = '', isWaiting }: { input?: string; isWaiting: () => boolean },
): Promise<Waited> {
  const clock = join(home.path, 'clock')
  writeFileSync(clock, '+0')
  const clockEnv = {
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    NO_FAKE_STAT: '1',
    LD_PRELOAD: findFaketime(),
  }
  // Without a terminal, where git would ask for a password.
  const child = spawn(command, args, {
    cwd: join(home.path, 'work'),
    env: { ...home.env, ...clockEnv },
    detached: true,
  })
  t.teardown(() => child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const state = { hasEnded: false }
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    state.hasEnded = true
    return code ?? null
  })
  let seconds = 0
  while (!state.hasEnded) {
    await sleep(PAUSE_MS)
    if (state.hasEnded || !isWaiting()) continue
    seconds += LEAP
    if (seconds > MOST_LEAPS * LEAP) throw new Error(`${args.join(' ')} waits for ever`)
    await leap(child, () => writeFileSync(clock, `+${seconds}`))
  }
  const code = await ended
  if (isGroupAlive(Number(child.pid))) throw new Error(`${args.join(' ')} has left a process behind`)
  home.noteOutput(stderr)
  return { code, stdout, stderr, seconds }
}

/** A process that is stopped and continued looks at the clock anew. Returns when it has nothing to do any more. */
async function leap(child: ChildProcess, setClock: () => void): Promise<void> {
  try {
    const pid = findProgram(Number(child.pid))
    process.kill(pid, 'SIGSTOP')
    while (stateOf(pid) !== 'T') await sleep(1)
    setClock()
    process.kill(pid, 'SIGCONT')
    while ('TRD'.includes(stateOf(pid))) await sleep(1)
  } catch {
    // It has ended meanwhile.
  }
}

/** The helper among those that git has started. */
function findProgram(pid: number): number {
  if (readlinkSync(`/proc/${pid}/exe`) === process.execPath) return pid
  const [child = ''] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  return findProgram(Number(child))
}

function isGroupAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0)
  } catch {
    return false
  }
}

/** As in /proc: R runs, S sleeps, T is stopped. */
function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(') ') + 2).charAt(0)
}
