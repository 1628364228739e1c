import { readFileSync } from 'node:fs'

/** Git calls itself a few times over. */
const MOST_CALLERS = 20

/**
 * Whether git runs by itself, in `git maintenance` or `git fetch --prefetch`, which tell a helper nothing of it (unless
 * `git maintenance start` set them up, which in newer versions of git turns credential.interactive off). Seen where the
 * system shows the processes in /proc, as Linux does; elsewhere nobody can tell.
 *
 * @param pid of the process that called us
 * @see https://git-scm.com/docs/git-maintenance#Documentation/git-maintenance.txt-prefetch
 */
export function isBackgroundFetch(pid: number): boolean {
  return listCommandLines(pid).some(
    (words) => words.some((word) => /(^|\/)git$/.test(word)) && words.includes('--prefetch'),
  )
}

/** The command lines of a process and of those that called it, word by word. */
function listCommandLines(pid: number): string[][] {
  const lines: string[][] = []
  try {
    for (let next = pid; next > 1 && lines.length < MOST_CALLERS; next = readParent(next)) {
      lines.push(readFileSync(`/proc/${next}/cmdline`, 'utf8').split('\0'))
    }
  } catch {
    // There is no /proc, or what is further up is not for us to see.
  }
  return lines
}

/** After the name of the program, which stands in parentheses and may hold anything: its state, its parent. */
function readParent(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(') ')).split(' ')[2])
}
