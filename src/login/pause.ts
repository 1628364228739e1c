import { formatDuration } from '../base/duration.ts'
import { Failure, isFailure } from '../base/failure.ts'
import type { JsonObject } from '../base/json.ts'
import type { Account } from '../tokens/account.ts'
import { leaveNote, readNote } from '../tokens/notes.ts'
import { loginCommand } from './loginCommand.ts'
import type { Renewal } from './renewal.ts'

/** For so long git's own calls leave somebody in peace who cancelled a login, or did not come. Seconds. */
const PAUSE = 600

/** Each time in a row that nobody comes, twice as long, so that a night brings a few browser windows and not forty. */
const LONGEST_PAUSE = 24 * 3600

/** At a terminal somebody has just typed the command; but one command may ask for several logins. Seconds. */
const PAUSE_AT_TERMINAL = 15

/** How a login ended that is not to be asked for again at once. */
const ENDINGS: Readonly<Record<string, string>> = {
  access_denied: 'was cancelled',
  timeout: 'was not finished',
  refused: 'brought a token that was refused',
}

/**
 * Notes that a login came to nothing.
 *
 * @param runtime the runtime directory
 * @param ending.code the Failure's, or `refused` where the server refused the token that the login brought
 * @param ending.leftAt seconds since 1970
 */
export function noteFailedLogin(
  runtime: string,
  account: Account,
  ending: { readonly code: string | undefined; readonly leftAt: number },
): void {
  const before = readNote(runtime, account, 'failed-login')
  const isAgain = ending.code === 'timeout' && before?.['code'] === 'timeout'
  const pause = isAgain ? Math.min(2 * readPause(before), LONGEST_PAUSE) : PAUSE
  leaveNote(runtime, account, 'failed-login', { ...ending, pause })
}

/**
 * One browser is enough for all the processes that wait for a login, and for those that git starts by itself in the
 * time after it.
 *
 * @throws Failure where a login came to nothing a short while ago
 */
export function assertNotPaused({ account, storage, hasFallback, asked, context }: Renewal, reason: string): void {
  const note = readNote(storage.runtime, account, 'failed-login')
  const leftAt = Number(note?.['leftAt'])
  const passed = context.now() - leftAt
  // One from the future, of a clock that was set back since, says nothing; nor does one that cannot be read.
  if (note === undefined || !(passed >= -1)) return
  const hints = [`to log in now: ${loginCommand(account)}`]
  if (leftAt > asked) {
    const message = 'the login that another git process asked for came to nothing, so there is no token'
    throw new Failure(message, { code: 'login_paused', hints, quits: !hasFallback })
  }
  const ending = ENDINGS[String(note['code'])]
  const pause = readPause(note)
  if (ending === undefined || passed >= (context.isAttended() ? Math.min(pause, PAUSE_AT_TERMINAL) : pause)) return
  throw new Failure(`${reason}; no browser was opened, because the login ${formatDuration(passed)} ago ${ending}`, {
    code: 'login_paused',
    hints,
    quits: !hasFallback,
  })
}

/** Seconds; the shortest where a note does not say. */
function readPause({ pause }: JsonObject): number {
  return typeof pause === 'number' && pause > 0 ? Math.min(pause, LONGEST_PAUSE) : PAUSE
}

/** Whether nobody was asked, so that a login may be tried by another process, or another way. */
export function isUnasked(error: unknown): boolean {
  return isFailure(error) && ['login_required', 'login_paused', 'no_listener'].includes(error.code ?? '')
}
