import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from '../base/context.ts'
import { Failure } from '../base/failure.ts'
import { quote } from '../base/shell.ts'
import { follow } from '../bitbucket/follow.ts'
import { readSettings } from '../git/config.ts'
import { readNetwork } from '../git/network.ts'
import type { LargeRequest, Network, OpenAnswer } from '../http/http.ts'
import { obtainToken } from '../login/obtain.ts'
import { readApiUrl } from '../oauth/client.ts'
import type { AccessToken } from '../tokens/accessToken.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/account.ts'
import { unknownHostFailure } from './account.ts'

/** Requests for one account, each with a token that is good. */
export type Session = {
  readonly account: Account
  /** Protocol and host, as `https://bitbucket.org`. */
  readonly base: string
  /**
   * Sends a request with the account's access token, follows redirects, renews a token that the server takes no longer,
   * once for each request, and waits where the server asks for it.
   *
   * @throws Failure where there is no token to be had, or no answer
   */
  readonly ask: (url: URL, request?: RepeatableRequest) => Promise<OpenAnswer>
  /** @throws Failure where it is not known */
  readonly apiUrl: () => URL
}

export type RepeatableRequest = Partial<Pick<LargeRequest, 'method' | 'headers'>> & {
  /** Makes what is sent: again for each try. */
  readonly body?: () => LargeRequest['body']
}

/** All waiting for one answer. Seconds. */
const LONGEST_WAIT = 600

/** For one answer: whoever asks to wait again and again does not know how long. */
const MOST_WAITS = 10

type Tokens = {
  readonly current: () => Promise<AccessToken>
  /** @param refused the id of the token that the server has refused */
  readonly renewed: (refused: string) => Promise<AccessToken>
}

export function openSession(account: Account, context: Context): Session {
  const { env, trace } = context
  const tokens = openTokens(account, context)
  const base = accountUrl(defaultAccount(account))
  const networks = new Map<string, Network>()
  const networkFor = (url: URL): Network => {
    const network = networks.get(url.origin) ?? readNetwork(url, env, trace)
    networks.set(url.origin, network)
    return network
  }
  let api: URL | undefined
  const findApi = (): URL | undefined =>
    (api ??= readApiUrl(base, readSettings('credential', accountUrl(account), env)))
  return {
    account,
    base,
    ask: async (url, asked = {}) => {
      // Whatever names the address, the token is for these two and nobody else.
      if (url.origin !== base && url.origin !== findApi()?.origin) throw wrongHostFailure(url, base)
      return ask(url, asked, { tokens, networkFor, tell: context.tell })
    },
    apiUrl: () => findApi() ?? requireKnown(base),
  }
}

function wrongHostFailure({ origin }: URL, base: string): Failure {
  return new Failure(`nothing is sent to ${origin}: the access token is for ${base} and its API`, {
    hints: ['see what names that address'],
  })
}

function requireKnown(base: string): never {
  throw new Failure(`where the API of ${base} is was not told`, {
    code: 'not_configured',
    hints: [`git config --global ${quote(`credential.${base}.oauthApiURL`)} URL`],
  })
}

/** Of many requests at once that need a token, or another one, one asks for it. */
function openTokens(account: Account, context: Context): Tokens {
  let current: Promise<AccessToken> | undefined
  const obtain = async (refused: string | undefined): Promise<AccessToken> => {
    const obtained = await obtainToken(account, context, refused)
    if (obtained === undefined) throw unknownHostFailure(account)
    return obtained.token
  }
  return {
    current: () => (current ??= obtain(undefined)),
    renewed: async (refused) => {
      const present = current
      const isRefused = (await present)?.id === refused
      // Whoever comes second finds the new one, or waits for it.
      if (isRefused && current === present) current = obtain(refused)
      return current ?? obtain(refused)
    },
  }
}

type AskOptions = {
  readonly tokens: Tokens
  readonly networkFor: (url: URL) => Network
  readonly tell: Context['tell']
}

async function ask(
  url: URL,
  { method = 'GET', headers = {}, body }: RepeatableRequest,
  { tokens, networkFor, tell }: AskOptions,
): Promise<OpenAnswer> {
  let token = await tokens.current()
  let isRenewed = false
  let waited = 0
  let waits = 0
  for (;;) {
    const { accessToken } = token
    const answer = await follow(url, { method, headers, body: body?.(), accessToken }, networkFor)
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
 * How long to wait before the same request is sent again. Seconds; undefined where that would be of no use, or might do
 * a thing twice.
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
