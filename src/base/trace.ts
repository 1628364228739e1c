import { constants, writeSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { openOwn } from './ownPath.ts'
import { message } from './report.ts'

/** Takes a decision in a few words, none of them secret. */
export type Trace = (event: string) => void

const VARIABLE = 'GIT_CREDENTIAL_BITBUCKET_OAUTH_TRACE'

/**
 * Writes decisions down, a line for each, with the time and the process. By default it writes nothing; for `1` or `true`
 * it writes to stderr; for an absolute path it appends to that file, as git's own GIT_TRACE does. Another user's file or
 * pipe gets nothing, and nobody is waited for.
 *
 * @param complain writes text to stderr as it is
 * @see https://git-scm.com/docs/git#Documentation/git.txt-GITTRACE
 */
export function openTrace(env: NodeJS.ProcessEnv, complain: (text: string) => void): Trace {
  const target = env[VARIABLE] ?? ''
  if (['', '0', 'false', 'no', 'off'].includes(target.toLowerCase())) return () => {}
  if (['1', '2', 'true', 'yes', 'on'].includes(target.toLowerCase())) return (event) => complain(line(event))
  if (!isAbsolute(target)) {
    complain(message(`${VARIABLE} has to be 1 or an absolute path, so nothing is traced`))
    return () => {}
  }
  let file: number | undefined
  let hasFailed = false
  return (event) => {
    if (hasFailed) return
    try {
      file ??= openOwn(target, constants.O_APPEND | constants.O_CREAT)
      writeSync(file, line(event))
    } catch (error) {
      hasFailed = true
      complain(message(`the trace cannot be written (${error instanceof Error ? error.message : String(error)})`))
    }
  }
}

/** Like git's own: the local time, then the process. */
function line(event: string): string {
  const now = new Date()
  const time = `${now.toTimeString().slice(0, 8)}.${String(now.getMilliseconds()).padStart(3, '0')}`
  return `${time} ${process.pid} ${message(event)}`
}
