import { readSync, writeSync } from 'node:fs'
import type * as tty from 'node:tty'
import type { Context } from './base/context.ts'
import { Failure, orUndefined, systemCode } from './base/failure.ts'
import { oldNodeFailure } from './base/oldNode.ts'
import { findDataDirectory, findRuntimeDirectory } from './base/paths.ts'
import { message, report } from './base/report.ts'
import { sleep } from './base/sleep.ts'
import type { Trace } from './base/trace.ts'
import { answer, OPERATIONS } from './helper/answer.ts'

/** The oldest Node that this program runs on, from package.json: scripts/build.ts puts it here. */
declare const NODE_NEEDED: string

/** Git's requests have about ten short lines. A longer one does not come from git. Bytes. */
const INPUT_LIMIT = 1024 * 1024

/** Takes a usual request in one read. Bytes. */
const CHUNK = 4096

const STDIN = 0
const STDOUT = 1
const STDERR = 2

async function main(words: readonly string[]): Promise<void> {
  const operation = findOperation(words)
  // What runs before this line has to work on Node 12 too: so must what the entry's files do while they are loaded.
  const failure = oldNodeFailure(NODE_NEEDED, process.versions.node, process.execPath)
  if (failure !== undefined) {
    process.exitCode = 1
    // Git has sent `get` before, which said so.
    if (operation === 'store' || operation === 'erase') return
    throw failure
  }
  const context: Context = {
    now: () => Date.now() / 1000,
    sleep,
    env: process.env,
    findRuntimeDirectory: () => findRuntimeDirectory(process.env),
    findDataDirectory,
    // This file is built as CommonJS. The other program lies beside it.
    keyringProgram: `${__dirname}/keyringProcess.cjs`,
    streams: process,
    isAttended,
    read,
    write: print,
    trace: await findTrace(),
    tell: (text) => complain(message(text)),
  }
  if (operation !== undefined && !isTypedByHand(operation)) return answer(operation, context)
  const { run } = await import('./cli/cli.ts')
  process.exitCode = await run(words, context, complain)
}

/**
 * Git puts its operation behind all that stands in `credential.helper`. Options that people bring there from another helper
 * must not keep it from being served.
 */
function findOperation(words: readonly string[]): string | undefined {
  const first = words[0]
  const last = words[words.length - 1]
  if (first === undefined || last === undefined || isKnown(first) || !OPERATIONS.includes(last)) return first
  if (last === 'get')
    complain(message(`${first.replace(/=.*/, '')} in credential.helper is no option of this program, and does nothing`))
  return last
}

function isKnown(word: string): boolean {
  return OPERATIONS.includes(word) || isCommand(word)
}

/** Loaded where it is wanted: the small entry traces nothing. */
async function findTrace(): Promise<Trace> {
  if (!process.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_TRACE']) return () => {}
  return (await import('./base/trace.ts')).openTrace(process.env, complain)
}

const COMMAND_NAMES =
  'setup login logout status token refresh configure unconfigure doctor archive api downloads completion help'

/** Git never names these words, so they may come from a script as well. */
function isCommand(word: string): boolean {
  return COMMAND_NAMES.split(' ').includes(word)
}

/**
 * Git names an operation. A person types nothing, an option, or one of our commands. A person may also type a word that
 * git does not know (yet), and then stdin is a terminal, where git has a pipe.
 */
function isTypedByHand(operation: string): boolean {
  if (OPERATIONS.includes(operation)) return false
  return operation.startsWith('-') || isCommand(operation) || process.stdin.isTTY
}

/** Does not use process.stderr, which would make a pipe non-blocking for git too. */
function isAttended(): boolean {
  // Node 21 lacks process.getBuiltinModule.
  const { isatty }: typeof tty = require('node:tty')
  return isatty(STDERR)
}

/** Reads synchronously, because process.stdin costs a fifth of the whole run. Gives a character for each byte. */
function read(): string {
  const chunk = new Uint8Array(CHUNK)
  let input = ''
  // An empty line ends a request, so a person who types one need not end the input as well.
  while (!input.endsWith('\n\n') && input !== '\n') {
    const length = retrying(() => readChunk(chunk))
    if (length === 0) break
    // The first call of a Buffer's toString takes ten times as long.
    input += String.fromCharCode(...chunk.subarray(0, length))
    if (input.length > INPUT_LIMIT)
      throw new Failure("the request is too long to be one of git's, so it gets no answer")
  }
  return input
}

function readChunk(chunk: Uint8Array): number {
  try {
    return readSync(STDIN, chunk)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EAGAIN') throw error
    // Windows reports the end of a pipe as an error.
    if (code === 'EOF') return 0
    throw code === 'EISDIR'
      ? new Failure('the standard input is a directory, and git sends a request there')
      : new Failure(`the standard input cannot be read (${code ?? String(error)})`, { cause: error })
  }
}

/** @throws Failure where the answer cannot be written; a reader that has gone is no failure */
function print(text: string): void {
  try {
    writeWhole(STDOUT, text)
  } catch (error) {
    if (systemCode(error) === 'EPIPE') return
    throw new Failure(`the answer cannot be written (${systemCode(error) ?? String(error)})`, { cause: error })
  }
}

/** Where stderr cannot be written, all else goes on: the answer on stdout is worth more than the words. */
function complain(text: string): void {
  orUndefined(() => writeWhole(STDERR, text))
}

function writeWhole(stream: number, text: string): void {
  const written = retrying(() => writeSync(stream, text))
  if (written === text.length) return
  // A full pipe took a part of it, or some letters take more than one byte.
  const bytes = Buffer.from(text)
  for (let start = written; start < bytes.length;) start += retrying(() => writeSync(stream, bytes, start))
}

/** Repeats the work while a non-blocking stream is not ready. */
function retrying(work: () => number): number {
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error
      sleep(PAUSE_MS)
    }
  }
}

/** Between two tries at a stream that is not ready. Milliseconds. */
const PAUSE_MS = 5

main(process.argv.slice(2))
  .catch((error: unknown) => {
    process.exitCode = 1
    complain(report(isDirectoryGone(error) ? new Failure('the directory you are in does not exist any more') : error))
  })
  .finally(() => process.off('exit', complainUnfinished))

// Where a library waits for what never comes, Node ends the process with 0 and without a word.
process.on('exit', complainUnfinished)

function complainUnfinished(code: number): void {
  // Where something else ends the process, as Ctrl-C does on Windows, it says so itself.
  if (code !== 0) return
  process.exitCode = 1
  complain(report('the program ended before its work was done'))
}

/** Several libraries ask for the working directory while they are loaded. */
function isDirectoryGone(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd'
}
