import { pipeline } from 'node:stream/promises'
import type { Context } from '../../base/context.ts'
import { Failure, systemCode } from '../../base/failure.ts'
import { isOfSystem } from '../../base/systemError.ts'

/** Writes to stdout, no faster than it is taken there. Where nobody takes it any more, that is no failure. */
export async function writeToStdout(
  pieces: AsyncIterable<Uint8Array>,
  stdout: Context['streams']['stdout'],
): Promise<void> {
  try {
    await pipeline(pieces, stdout, { end: false })
  } catch (error) {
    if (systemCode(error) === 'EPIPE') return
    if (!isOfSystem(error)) throw error
    throw new Failure(`the output cannot be written (${systemCode(error)})`, { cause: error })
  }
}

/** Makes sure that a file does not go to a screen; else there is a Failure `usage`. */
export function assertNotTerminal(stdout: Context['streams']['stdout']): void {
  if (!stdout.isTTY) return
  throw new Failure('a terminal is no place for a file', {
    code: 'usage',
    hints: ['pipe it into another program, or give a file: -o FILE'],
  })
}
