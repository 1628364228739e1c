import { readSync, writeSync } from 'node:fs'
import { Failure, systemCode } from './failure.ts'
import { answer } from './helper.ts'
import { findDataDirectory, findRuntimeDirectory } from './paths.ts'
import { message, report } from './report.ts'

/** A request has some ten short lines; whatever sends this much is not git. Bytes. */
const INPUT_LIMIT = 1024 * 1024

/** A usual request at once, from memory that Node has set aside already. Bytes. */
const CHUNK = 4096

const STDIN = 0
const STDOUT = 1
const STDERR = 2

/** Git names an operation; a person gives an option, or nothing and wants to know. */
async function main(operation: string | undefined): Promise<void> {
  if (operation === undefined || operation.startsWith('-')) {
    const { run } = await import('./cli.ts')
    process.exitCode = await run(process.argv.slice(2))
    return
  }
  await answer(operation, {
    now: () => Date.now() / 1000,
    env: process.env,
    runtimeDirectory: await findRuntimeDirectory(process.env),
    findDataDirectory,
    read,
    write: (text) => writeWhole(STDOUT, text),
    tell: (text) => writeWhole(STDERR, message(text)),
  })
}

/** Synchronous, as process.stdin costs a fifth of the whole run. A character for each byte. */
function read(): string {
  const chunk = Buffer.allocUnsafe(CHUNK)
  let input = ''
  // An empty line ends a request: a person who types one need not know how to end the input as well.
  while (!input.endsWith('\n\n') && input !== '\n') {
    const length = retrying(() => readChunk(chunk))
    if (length === 0) break
    input += chunk.toString('latin1', 0, length)
    if (input.length > INPUT_LIMIT)
      throw new Failure("the request is too long to be one of git's, so it gets no answer")
  }
  return input
}

function readChunk(chunk: Buffer): number {
  try {
    return readSync(STDIN, chunk)
  } catch (error) {
    // Windows reports the end of a pipe as an error.
    if (systemCode(error) === 'EOF') return 0
    if (systemCode(error) === 'EISDIR') {
      throw new Failure('the standard input is a directory, and git sends a request there')
    }
    throw error
  }
}

function writeWhole(stream: number, text: string): void {
  try {
    const written = retrying(() => writeSync(stream, text))
    if (written === text.length) return
    // A full pipe took a part of it, or a letter took more than one byte.
    const bytes = Buffer.from(text)
    for (let start = written; start < bytes.length;) start += retrying(() => writeSync(stream, bytes, start))
  } catch (error) {
    // EPIPE: whoever should have read it has gone.
    if (systemCode(error) !== 'EPIPE') throw error
  }
}

/** Does it again while a stream that somebody made non-blocking is not ready. */
function retrying(work: () => number): number {
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE)
    }
  }
}

/** Between two looks at a stream that is not ready. Milliseconds. */
const PAUSE = 5

main(process.argv[2]).catch((error: unknown) => {
  process.exitCode = 1
  writeWhole(STDERR, report(error))
})
