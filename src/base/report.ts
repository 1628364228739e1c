// The rules for messages, which this file prints:
//
// - A message is one sentence: subject, verb, object; in lower case, without a full stop. It names what is wrong by the
//   words that the user knows: the host, the file, the setting.
// - A hint is something that the user can do: a command as a shell takes it, or a few words, with a colon before the
//   command. One hint a line. Where nothing can be done, there is none.
// - No secret stands in a message, a hint or a trace: no token, key, code, or password, not even in a URL.
// - A line on stderr is not broken, however narrow the terminal is: an address and a command can be copied whole. What a
//   command prints on stdout for people is broken at blanks to the width of the terminal (cli/terminal.ts), but for
//   addresses and commands.
// - Success is silent where git asks. A text from outside is made visible: it must not move the cursor. A Failure does it
//   to its own texts, and cli/terminal.ts to what goes to stdout.

import { isFailure } from './failure.ts'
import { PROGRAM } from './program.ts'
import { visible, visibleLines } from './visible.ts'

/** A line on stderr. It begins with our name, as git runs several helpers and all share its stderr. */
export function message(text: string): string {
  return `${PROGRAM}: ${visible(text)}\n`
}

/** An error for stderr: the sentence and the hints of a Failure, or all that is known of a bug. */
export function report(error: unknown): string {
  if (!isFailure(error)) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return `${PROGRAM}: this is a bug, please report it\n${visibleLines(detail)}\n`
  }
  return message(error.message) + error.hints.map((hint) => `hint: ${hint}\n`).join('')
}
