import type { Entry } from '@napi-rs/keyring'
import { type JsonObject, parseObject } from '../../base/json.ts'
import { PROGRAM } from '../../base/program.ts'
import { describeLoadError, findTrouble, type Trouble } from './trouble.ts'

/**
 * The operating system's keyring, in a process of its own. The library waits for the keyring without a limit (2.1.2 waits
 * for ever where the session bus takes a connection and never answers), and only another process can end such a wait.
 *
 * A request is a line of JSON on stdin, `{operation, name, text}`. Its answer is a line on stdout, `{text}` or
 * `{trouble, message}`. An empty line comes first and says that the process is ready. The process ends with its input.
 * Requests and answers are secret.
 */

type Answer = { readonly text?: string | undefined } | { readonly trouble: Trouble; readonly message: string }

// A terminal's signals reach all its processes. They must not end this one in the middle of its work: the parent ends it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

async function serve(): Promise<void> {
  // Loaded before the first request, so that the time limit of an answer is for the keyring alone.
  await import('@napi-rs/keyring').catch(() => {})
  process.stdout.write('\n')
  let input = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    input += String(chunk)
    for (let end = input.indexOf('\n'); end !== -1; end = input.indexOf('\n')) {
      const answer = await perform(parseObject(input.slice(0, end)) ?? {})
      input = input.slice(end + 1)
      process.stdout.write(`${JSON.stringify(answer)}\n`)
    }
  }
}

async function perform({ operation, name, text }: JsonObject): Promise<Answer> {
  let entry
  try {
    entry = await findEntry(String(name))
  } catch (error) {
    return { trouble: 'absent', message: describe(error) }
  }
  try {
    if (operation === 'read') return { text: entry.getPassword() ?? undefined }
    if (operation === 'write') entry.setPassword(String(text))
    else entry.deletePassword()
    return {}
  } catch (error) {
    const message = describe(error)
    return { trouble: findTrouble(message), message }
  }
}

/** @throws Error where no keyring answers, or the library is not installed */
async function findEntry(name: string): Promise<Entry> {
  const library = await import('@napi-rs/keyring').catch((error: unknown) => {
    throw new Error(describeLoadError(error), { cause: error })
  })
  // Without this option the library falls back on the kernel's keyring, which is lost at a reboot.
  return new library.Entry(PROGRAM, name, { linux: { store: 'secret-service' } })
}

function describe(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}

void serve()
