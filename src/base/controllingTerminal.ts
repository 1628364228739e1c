import { closeSync, openSync, readFileSync } from 'node:fs'
import { ReadStream, WriteStream } from 'node:tty'
import { orUndefined } from './failure.ts'

/** The terminal that a person sits at, whatever the streams of this process are: git has them. */
export type ControllingTerminal = { readonly input: ReadStream; readonly output: WriteStream }

const PATH = '/dev/tty'

/**
 * Whether this process has one, and works in its foreground: in the background, a question would stop it. On Windows we know none.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap11.html#tag_11_01_03
 */
export function hasControllingTerminal(): boolean {
  if (process.platform === 'win32' || isInBackground()) return false
  const file = orUndefined(() => openSync(PATH, 'r+'))
  if (file !== undefined) closeSync(file)
  return file !== undefined
}

/** Works at the terminal, opened for this once: the library of questions ends what it has written to. */
export async function atControllingTerminal<Result>(
  work: (terminal: ControllingTerminal) => Promise<Result>,
): Promise<Result> {
  const input = new ReadStream(openSync(PATH, 'r'))
  const output = new WriteStream(openSync(PATH, 'w'))
  try {
    return await work({ input, output })
  } finally {
    input.destroy()
    output.destroy()
  }
}

/** Linux tells the process group of a process, and that in the foreground of its terminal: see proc_pid_stat(5). */
function isInBackground(): boolean {
  const stat = orUndefined(() => readFileSync('/proc/self/stat', 'utf8')) ?? ''
  const [, , , group, , , foreground] = stat.slice(stat.lastIndexOf(') ')).split(' ')
  return group !== foreground
}
