import { readFileSync } from 'node:fs'

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
  return listCommandLines(pid).some(
    (words) => words.some((word) => /(^|\/)git$/.test(word)) && words.includes('--prefetch'),
  )
}

function listCommandLines(pid: number): string[][] {
  const lines: string[][] = []
  try {
    for (let next = pid; next > 1 && lines.length < MOST_CALLERS; next = readParent(next)) {
      lines.push(readFileSync(`/proc/${next}/cmdline`, 'utf8').split('\0'))
    }
  } catch {
    // There is no /proc, or we may not look at that process.
  }
  return lines
}

/** The parent stands after the state, which stands after the program's name in parentheses, which may hold anything. */
function readParent(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(') ')).split(' ')[2])
}
