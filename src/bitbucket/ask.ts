import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../base/failure.ts'
import { COMMAND } from '../base/program.ts'
import type { LargeRequest, OpenAnswer } from '../http/http.ts'
import type { Network } from '../http/network.ts'
import { follow } from './follow.ts'
import { readText } from './readText.ts'
import { refusalFailure, type Subject } from './refusal.ts'

/** An access token. `accessToken` is secret; `id` names it where it must not be shown. */
type Token = { readonly id: string; readonly accessToken: string }

/** What it takes to ask. */
export type AskOptions = {
  readonly tokens: {
    readonly current: () => Promise<Token>
    /** @param refused the id of the token that the server has refused */
    readonly renewed: (refused: string) => Promise<Token>
  }
  /** How an origin is reached. */
  readonly networkFor: (url: URL) => Network
  /** Is told of a wait. */
  readonly tell: (text: string) => void
}

/** All waiting for one answer. Seconds. */
const LONGEST_WAIT = 600

/** For one answer: a server that asks for more does not know how long it takes. */
const MOST_WAITS = 10

/** The beginning of a refusal tells its reason. Bytes. */
const LONGEST_REFUSAL = 64 * 1024

/**
 * Sends a request with an access token, and follows redirects. A token that the server refuses is renewed once. Where the
 * server asks to wait, this waits.
 *
 * @throws Failure where no token can be obtained, or no answer comes
 */
export async function ask(
  url: URL,
  { method = 'GET', headers = {}, body }: Partial<LargeRequest>,
  { tokens, networkFor, tell }: AskOptions,
): Promise<OpenAnswer> {
  let token = await tokens.current()
  let isRenewed = false
  let waited = 0
  let waits = 0
  for (;;) {
    const { accessToken } = token
    const answer = await follow(url, { method, headers, body, accessToken }, networkFor)
    if (answer.status === 401 && !isRenewed && answer.url.origin === url.origin) {
      answer.close()
      token = await tokens.renewed(token.id)
      isRenewed = true
      continue
    }
    const pause = readPause(answer, method)
    if (pause === undefined || waited + pause > LONGEST_WAIT || waits === MOST_WAITS) return answer
    answer.close()
    waited += pause
    waits += 1
    tell(`${answer.url.host} asks to wait ${pause} s`)
    await sleep(pause * 1000)
  }
}

/**
 * How long to wait before the same request is sent again. Seconds; undefined where that would not help, or might do a
 * thing twice.
 *
 * @see RFC 9110, section 10.2.3
 */
function readPause({ status, headers }: OpenAnswer, method: string): number | undefined {
  const isRepeatable = method === 'GET' || method === 'HEAD'
  const after = headers['retry-after']
  if (after === undefined || !(status === 429 || (status === 503 && isRepeatable))) return undefined
  const seconds = /^\d+$/.test(after) ? Number(after) : Math.ceil((Date.parse(after) - Date.now()) / 1000)
  return Number.isNaN(seconds) ? undefined : Math.max(seconds, 1)
}

/** Reads an answer of {@link ask} other than 2xx, and tells what it means. */
export async function readAnswerFailure(answer: OpenAnswer, subject: Subject): Promise<Failure> {
  return answerFailure(answer, await readText(answer, LONGEST_REFUSAL), subject)
}

/** What an answer of {@link ask} other than 2xx means. */
export function answerFailure({ status, url, isElsewhere }: OpenAnswer, text: string, subject: Subject): Failure {
  const { host } = url
  if (isElsewhere === true) {
    return new Failure(`${host}, which the download comes from, answered with HTTP ${status}`, {
      hints: ['run the command again: such an address is good for a short time'],
    })
  }
  // The token was renewed for this answer.
  if (status === 401) {
    const { repository, commands } = subject
    return new Failure(`${host} refuses even an access token that it has just issued`, {
      hints: [
        `to find out why: ${COMMAND} doctor${repository === undefined ? '' : ` ${repository}`}`,
        `to log in once more: ${commands.login}`,
      ],
    })
  }
  return refusalFailure({ host, status, text }, subject)
}
