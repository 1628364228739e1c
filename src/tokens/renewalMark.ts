import { statSync, unlinkSync, writeFileSync } from 'node:fs'
import type { Context } from '../base/context.ts'
import { orUndefined, systemCode } from '../base/failure.ts'
import { variableName } from '../base/program.ts'
import { readPrivate } from '../base/readPrivate.ts'
import { type AccessToken, isFresh } from './accessToken.ts'
import type { Account } from './account.ts'
import { findAccessToken } from './cache.ts'
import { answeringAccount, recordPath } from './recordFile.ts'

/** For how long a mark counts. Most refreshes take less; in a login everybody waits for the lock. Seconds. */
const MARK_LIFETIME = 2

/** How often a waiting process looks at the mark. Milliseconds. */
const POLL_MS = 25

/** The native front sets it where it starts the whole program: it has waited, or has left the mark. */
const HANDED_OVER = variableName('HANDED_OVER')

/**
 * Of many processes that find one token ended, the first leaves a mark and goes on; the others wait here for the token that it brings.
 * Without that, each of them would load what renews a token, and slow down the one that does (a cache stampede).
 *
 * The mark is a hint. The lock alone decides who renews, and a process that has waited in vain asks for it like the first one.
 *
 * @param wanted an account without a fresh token
 * @returns undefined where this process has to go on
 */
export async function awaitRenewal(wanted: Account, context: Context): Promise<AccessToken | undefined> {
  if (context.env[HANDED_OVER] !== undefined) return undefined
  const directory = await context.findRuntimeDirectory().catch(() => undefined)
  const ended = directory === undefined ? undefined : findAccessToken(directory, wanted)
  // Of an account that has never had a token, or keeps it in a keyring, nothing is known here.
  if (directory === undefined || ended === undefined) return undefined
  const mark = markPath(directory, answeringAccount(ended.logins, wanted))
  if (leaveMark(mark, context)) return undefined
  context.trace('another process renews the token: this one waits for it')
  while (isAtWork(mark, context)) context.sleep(POLL_MS)
  const token = findAccessToken(directory, wanted)
  return token !== undefined && isFresh(token, context.now()) ? token : undefined
}

/**
 * To be called when a renewal has ended: where it has brought a token, after that is saved.
 *
 * @param directory the runtime directory
 */
export function endRenewal(directory: string, account: Account): void {
  orUndefined(() => unlinkSync(markPath(directory, account)))
}

/** Whether the process that left the mark has done so a moment ago, and runs. */
function isAtWork(mark: string, { now }: Context): boolean {
  try {
    // The clock may have been set back since.
    if (Math.abs(now() - statSync(mark).mtimeMs / 1000) >= MARK_LIFETIME) return false
    const found = readPrivate(mark)
    // Where the number is not written yet, this is 0, which always runs: it stands for our own group.
    return 'text' in found && process.kill(Number(found.text), 0)
  } catch {
    return false
  }
}

/** @returns false where another process has left one; true also where none can be left */
function leaveMark(mark: string, context: Context): boolean {
  if (create(mark)) return true
  if (isAtWork(mark, context)) return false
  orUndefined(() => unlinkSync(mark))
  return create(mark)
}

function create(mark: string): boolean {
  try {
    writeFileSync(mark, String(process.pid), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    return systemCode(error) !== 'EEXIST'
  }
}

function markPath(directory: string, account: Account): string {
  return `${recordPath(directory, account)}.renewal`
}
