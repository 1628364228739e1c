import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { childEnvironment } from '../../base/childEnvironment.ts'
import { Failure, isFailure, systemCode } from '../../base/failure.ts'
import { hideNodeDebug } from '../../base/hideNodeDebug.ts'
import { parseObject } from '../../base/json.ts'
import { COMMAND } from '../../base/program.ts'
import { beforeSignal } from '../../base/signals.ts'
import { findCure, type Trouble } from './trouble.ts'

/** The operating system's keyring: texts by name. Each function throws a Failure where it cannot do its work. */
export type Keyring = {
  /** @returns undefined where there is no entry; a keyring that has lost its files says the same */
  readonly read: (name: string) => Promise<string | undefined>
  readonly write: (name: string, text: string) => Promise<void>
  /** A missing entry is no failure. */
  readonly remove: (name: string) => Promise<void>
  readonly close: () => void
}

/** Why a keyring does not work, as the code of the Failure. Refused: also where it takes too long. */
const TROUBLES = ['keyring_absent', 'keyring_homeless', 'keyring_refused'] as const satisfies `keyring_${Trouble}`[]

/** How long the process that speaks to the keyring may take to start on a busy machine. Seconds. */
const START_LIMIT_SECONDS = 20

/** After this long we tell the user what we wait for. Milliseconds. */
const SILENCE_MS = 5_000

export type KeyringOptions = {
  /** The program that speaks to the keyring (keyringProcess.ts). */
  readonly program: string
  /** How long an answer may take: a person may have to type a password. Seconds. */
  readonly timeLimit: number
  readonly env: NodeJS.ProcessEnv
  readonly tell: (text: string) => void
}

/** The process is started at the first request. */
export function openKeyring(options: KeyringOptions): Keyring {
  let child: Child | undefined
  const ask = async (request: Readonly<Record<string, string>>): Promise<string | undefined> => {
    if (!mayAnswer(options.env)) throw keyringFailure('keyring_absent', 'there is no session bus')
    if (child === undefined || hasEnded(child)) child = start(options)
    try {
      return readAnswer(await exchange(child, request, options))
    } catch (error) {
      if (!hasEnded(child) || child.killed) throw error
      // The process ended by itself. Each request may be repeated.
      child = start(options)
      return readAnswer(await exchange(child, request, options))
    }
  }
  return {
    read: (name) => ask({ operation: 'read', name }),
    write: async (name, text) => void (await ask({ operation: 'write', name, text })),
    remove: async (name) => void (await ask({ operation: 'remove', name })),
    close: () => void child?.kill('SIGKILL'),
  }
}

/** On Linux there is no keyring without a session bus. So we need not start a process to find out. */
function mayAnswer(env: NodeJS.ProcessEnv): boolean {
  if (process.platform !== 'linux' || env['DBUS_SESSION_BUS_ADDRESS']) return true
  const runtime = env['XDG_RUNTIME_DIR']
  return runtime !== undefined && existsSync(join(runtime, 'bus'))
}

type Child = ChildProcessByStdio<Writable, Readable, null>

function start({ program, env }: KeyringOptions): Child {
  hideNodeDebug()
  try {
    const child = spawn(process.execPath, [program], {
      // Node would read a company's certificates, which takes as long as all the rest.
      env: childEnvironment(env, 'node'),
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    })
    // Where the process ends early, no answer comes, and that is reported.
    child.on('error', () => {})
    child.stdin.on('error', () => {})
    child.stdout.setEncoding('utf8')
    // The process ignores signals, and might wait for the keyring for ever.
    const forget = beforeSignal(() => child.kill('SIGKILL'))
    child.once('close', forget)
    return child
  } catch (error) {
    const reason = `the process that speaks to it cannot be started: ${systemCode(error) ?? String(error)}`
    throw keyringFailure('keyring_refused', reason)
  }
}

function hasEnded({ exitCode, signalCode, killed }: Child): boolean {
  return killed || exitCode !== null || signalCode !== null
}

/** Sends a request and waits for the line that answers it. A process that is late is killed. */
async function exchange(
  child: Child,
  request: Readonly<Record<string, string>>,
  { timeLimit, tell }: KeyringOptions,
): Promise<string> {
  if (!started.has(child)) {
    await nextLine(child, START_LIMIT_SECONDS)
    started.add(child)
  }
  const notice = setTimeout(() => tell("waiting for the system's keyring, which may ask for its password"), SILENCE_MS)
  try {
    const answer = nextLine(child, timeLimit)
    child.stdin.write(`${JSON.stringify(request)}\n`)
    return await answer
  } finally {
    clearTimeout(notice)
  }
}

const started = new WeakSet<Child>()

/** @param timeLimit in seconds; a process that answers later is killed */
function nextLine(child: Child, timeLimit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = ''
    const read = (text: string): void => {
      line += text
      if (line.endsWith('\n')) finish(() => resolve(line))
    }
    const fail = (reason: string): void => finish(() => reject(keyringFailure('keyring_refused', reason)))
    const end = (): void => fail('the process that speaks to it has ended')
    const limit = setTimeout(() => {
      child.kill('SIGKILL')
      fail(`no answer within ${timeLimit} seconds`)
    }, timeLimit * 1000)
    const finish = (settle: () => void): void => {
      clearTimeout(limit)
      child.stdout.off('data', read)
      child.off('close', end)
      settle()
    }
    child.stdout.on('data', read)
    child.on('close', end)
  })
}

function readAnswer(line: string): string | undefined {
  const { text, trouble: name, message } = parseObject(line) ?? {}
  if (name === undefined) return typeof text === 'string' ? text : undefined
  const code = TROUBLES.find((known) => typeof name === 'string' && known === `keyring_${name}`)
  throw keyringFailure(code ?? 'keyring_refused', String(message))
}

/** Whether an error comes from the keyring itself. Other errors are no reason to do without a keyring. */
export function isKeyringTrouble(error: unknown): error is Failure {
  return isFailure(error) && TROUBLES.some((code) => code === error.code)
}

function keyringFailure(code: (typeof TROUBLES)[number], reason: string): Failure {
  const verb = code === 'keyring_absent' ? 'does not answer' : 'cannot be used'
  return new Failure(`the system's keyring ${verb} (${reason})`, {
    code,
    hints: [findCure(reason) ?? UNLOCK, ...INSTEAD],
  })
}

const UNLOCK = 'unlock the keyring, or start it, and run the command again'

const INSTEAD = [
  'to keep the login in a file instead: git config --global credential.https://bitbucket.org.oauthStore file',
  `then log in once more: ${COMMAND} login`,
  `if the consumer's secret lies in it too: ${COMMAND} setup`,
]
