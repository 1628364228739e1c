import { isFailure } from './failure.ts'
import { PROGRAM } from './program.ts'

/** A line for the person at the terminal, with our name in front: git runs several helpers, and all share its stderr. */
export function message(text: string): string {
  return `${PROGRAM}: ${visible(text)}\n`
}

/** What stderr shows of an error: the sentence and its hints of a Failure, everything that is known of a bug. */
export function report(error: unknown): string {
  if (!isFailure(error)) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return `${PROGRAM}: this is a bug, please report it\n${detail}\n`
  }
  return message(error.message) + error.hints.map((hint) => `hint: ${visible(hint)}\n`).join('')
}

/**
 * A text without the characters that could move the cursor, colour the screen or turn the reading direction: what a
 * server or git sent must not be able to forge a line (CVE-2024-52005, CVE-2024-50349).
 */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD')
}
