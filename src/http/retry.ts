import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, send } from './http.ts'

/** How long a server may have us wait in all, while git waits for us. Seconds. */
const PATIENCE = 20

/** What says that the request was not looked at (RFC 6585, section 4; RFC 9110, section 15.6.4). */
const NOT_NOW = new Set([429, 503])

/**
 * As {@link send}, and once more where the server says that it is busy, and when to come again (`Retry-After`), as often as that is
 * within twenty seconds. Only such an answer tells that it has spent nothing of what was sent.
 *
 * @throws Failure `unreachable` where there is no answer
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export async function sendWhenReady(...[url, request, network]: Parameters<typeof send>): Promise<Answer> {
  for (let left = PATIENCE; ;) {
    const answer = await send(url, request, network)
    const seconds = NOT_NOW.has(answer.status) ? readDelay(answer.headers['retry-after']) : undefined
    if (seconds === undefined || seconds > left) return answer
    network.trace?.(`${url.host} says to come again in ${seconds} seconds`)
    left -= Math.max(seconds, 1)
    await sleep(seconds * 1000)
  }
}

/** In seconds from now; undefined where it is not said. */
function readDelay(value = ''): number | undefined {
  if (/^\d+$/.test(value)) return Number(value)
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000))
}
