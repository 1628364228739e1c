import type { ExecutionContext } from 'ava'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Home, Outcome } from './home.ts'

/** A signal that a process gets on its way into a system call, which is not made then if the signal kills. */
export type Injection = {
  readonly signal: 'KILL' | 'STOP'
  readonly call: string
  /** The how manieth such call of the main thread. */
  readonly when: number
  /** Counts only the calls that concern this path; `$$` in it is the number of the process. */
  readonly path?: string | undefined
}

/** What is said where a sibling takes longer than the helper stays silent. */
export const WAITING = /^git-credential-bitbucket-oauth: waiting for another git process [^\n]+\n$/

type Running = {
  readonly child: ChildProcess
  readonly ended: Promise<Outcome & { readonly signal: NodeJS.Signals | null }>
}

/** One `get` by git, in a process that can be sent signals. It goes with the test. */
export function startGet(t: ExecutionContext, home: Home, request: string, injection?: Injection): Running {
  const program = 'git-credential-bitbucket-oauth get'
  const command = injection === undefined ? program : `${strace(injection)} ${program}`
  // In a group of its own, as a terminal starts it.
  const child = spawn('sh', ['-c', `exec ${command}`], {
    cwd: join(home.path, 'work'),
    env: home.env,
    detached: true,
  })
  t.teardown(() => child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  // One that is killed early does not read.
  child.stdin.on('error', () => {})
  child.stdin.end(request)
  const ended = once(child, 'close').then(([code, signal]: (number | NodeJS.Signals | null)[]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }))
  return { child, ended }
}

/** With -D it is the tracer that is the other's child, so the signals reach the traced one. */
function strace({ signal, call, when, path }: Injection): string {
  if (spawnSync('strace', ['-V']).error !== undefined) {
    throw new Error('strace is missing: on Debian, apt-get install strace')
  }
  const only = path === undefined ? '' : `-P "${path}"`
  return `strace -D -qq -o /dev/null ${only} -e trace=${call} -e inject=${call}:signal=${signal}:when=${when}`
}
