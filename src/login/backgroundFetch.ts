import { readFileSync } from 'node:fs'
import { setInterval } from 'node:timers/promises'
import { Failure } from '../base/failure.ts'

/** Git starts itself a few times in a row. */
const MOST_CALLERS = 20

/**
 * Whether git runs by itself, in `git maintenance` or `git fetch --prefetch`. Git does not tell a helper so, except that
 * newer versions of `git maintenance start` turn credential.interactive off. We look at the processes in /proc, which
 * Linux has; on other systems the answer is always no.
 *
 * @param pid of the process that started us
 * @see https://git-scm.com/docs/git-maintenance#Documentation/git-maintenance.txt-prefetch
 */
export function isBackgroundFetch(pid: number): boolean {
  return listCallers(pid).some(({ words }) => words.some((word) => IS_GIT.test(word)) && words.includes('--prefetch'))
}

/** How often to look whether git is still there. Milliseconds. */
const INTERVAL_MS = 500

/**
 * Waits until the git that has started us, or one that has started that, is gone: killed, where it tells nobody.
 *
 * @param signal ends the wait
 * @throws Failure `git_gone` then
 */
export async function watchGit(pid: number, signal: AbortSignal): Promise<never> {
  const before = nameGits(pid)
  for await (const _ of setInterval(INTERVAL_MS, undefined, { signal })) {
    if (nameGits(process.ppid) !== before) {
      throw new Failure('git has ended meanwhile, so nobody waits for the login', { code: 'git_gone' })
    }
  }
  throw signal.reason
}

/** Those in a row above us, whether they start each other by a shell or not. What has started the first is no matter. */
function nameGits(pid: number): string {
  const callers = listCallers(pid)
  const end = callers.findIndex((caller) => !isGit(caller) && caller.words[1] !== '-c')
  const row = callers.slice(0, end === -1 ? undefined : end)
  return row
    .slice(0, row.findLastIndex(isGit) + 1)
    .map((caller) => caller.pid)
    .join(' ')
}

function isGit({ words: [name = ''] }: Caller): boolean {
  return IS_GIT.test(name)
}

const IS_GIT = /(^|\/)git(-remote-\w+|-lfs)?$/

type Caller = { readonly pid: number; readonly words: readonly string[] }

function listCallers(pid: number): Caller[] {
  const callers: Caller[] = []
  try {
    for (let next = pid; next > 1 && callers.length < MOST_CALLERS; next = readParent(next)) {
      callers.push({ pid: next, words: readFileSync(`/proc/${next}/cmdline`, 'utf8').split('\0') })
    }
  } catch {
    // There is no /proc, or we may not look at that process.
  }
  return callers
}

/** The parent stands after the state, which stands after the program's name in parentheses, which may hold anything. */
function readParent(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(') ')).split(' ')[2])
}
