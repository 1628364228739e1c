import { formatDuration } from '../base/duration.ts'
import { Failure, isFailure } from '../base/failure.ts'
import type { JsonObject } from '../base/json.ts'
import type { Account } from '../tokens/account.ts'
import { leaveNote, readNote } from '../tokens/notes.ts'
import { loginCommand } from './loginCommand.ts'
import type { Renewal } from './renewal.ts'

/** For this long git's requests open no browser after a login that was cancelled or not finished. Seconds. */
const PAUSE = 600

/** The pause doubles with each unfinished login in a row, so that a night brings a few browser windows and not forty. Seconds. */
const LONGEST_PAUSE = 24 * 3600

/** At a terminal a person has just typed the command. But one command may ask for several logins. Seconds. */
const PAUSE_AT_TERMINAL = 15

/** The ends of a login after which git's requests pause. */
const ENDINGS: Readonly<Record<string, string>> = {
  access_denied: 'was cancelled',
  timeout: 'was not finished',
  refused: 'brought a token that was refused',
}

/**
 * Leaves a note that a login brought no token.
 *
 * @param ending.code the Failure's code, or `refused` where the server refused the token that the login brought
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
 * One browser is enough for all processes that wait for a login, and for those that git starts by itself soon after it.
 *
 * @throws Failure `login_paused` where a login has failed a short while ago
 */
export function assertNotPaused({ account, storage, hasFallback, asked, context }: Renewal, reason: string): void {
  const note = readNote(storage.runtime, account, 'failed-login')
  const leftAt = Number(note?.['leftAt'])
  const passed = context.now() - leftAt
  // A note from the future (the clock was set back since) says nothing; nor does a note that cannot be read.
  if (note === undefined || !(passed >= -1)) return
  const hints = [`to log in now: ${loginCommand(account)}`]
  const options = { code: 'login_paused', hints, quits: !hasFallback } as const
  if (leftAt > asked) {
    throw new Failure('another git process has asked for a login, and it brought no token', options)
  }
  const ending = ENDINGS[String(note['code'])]
  const pause = readPause(note)
  if (ending === undefined || passed >= (context.isAttended() ? Math.min(pause, PAUSE_AT_TERMINAL) : pause)) return
  const obstacle = `the login ${formatDuration(passed)} ago ${ending}`
  throw new Failure(`${reason}; no browser was opened, because ${obstacle}`, options)
}

/** Seconds; the shortest pause where the note names none. */
function readPause({ pause }: JsonObject): number {
  return typeof pause === 'number' && pause > 0 ? Math.min(pause, LONGEST_PAUSE) : PAUSE
}

/** Whether no person was asked, so that another process may still ask. */
export function isUnasked(error: unknown): boolean {
  return isFailure(error) && ['login_required', 'login_paused', 'no_listener'].includes(error.code ?? '')
}
