import { isBelow } from '../base/below.ts'
import type { Context } from '../base/context.ts'
import { Failure } from '../base/failure.ts'
import { quote } from '../base/shell.ts'
import { ask, type AskOptions } from '../bitbucket/ask.ts'
import type { Product } from '../bitbucket/product.ts'
import type { AccountCommands } from '../bitbucket/refusal.ts'
import { readSettings, type Settings } from '../git/config.ts'
import { readNetwork } from '../git/network.ts'
import type { LargeRequest, OpenAnswer } from '../http/http.ts'
import type { Network } from '../http/network.ts'
import { obtainToken } from '../login/obtain.ts'
import { readApiUrl } from '../oauth/client.ts'
import { readProvider } from '../oauth/provider.ts'
import type { AccessToken } from '../tokens/accessToken.ts'
import { type Account, accountUrl, defaultAccount } from '../tokens/account.ts'
import { accountCommands, requireKnown } from './account.ts'

/** Requests for one account, each with a valid token. */
export type Session = {
  readonly account: Account
  readonly commands: AccountCommands
  /** Protocol and host, as `https://bitbucket.org`, and for Data Center its context path. */
  readonly base: string
  /** As `ask` of bitbucket/ask.ts, for the host and its API alone. */
  readonly ask: (url: URL, request?: Partial<LargeRequest>) => Promise<OpenAnswer>
  /** @throws Failure where it is not known */
  readonly apiUrl: () => URL
  /** @throws Failure `not_configured` where git's configuration names none that exists */
  readonly product: () => Product
}

export function openSession(account: Account, context: Context): Session {
  const { env, trace, tell } = context
  const base = accountUrl(defaultAccount(account))
  const networks = new Map<string, Network>()
  const networkFor = (url: URL): Network => {
    const network = networks.get(url.origin) ?? readNetwork(url, env, trace)
    networks.set(url.origin, network)
    return network
  }
  let api: URL | undefined
  const settings = (): Settings => readSettings('credential', accountUrl(account), env)
  const findApi = (): URL | undefined => (api ??= readApiUrl(base, settings()))
  let isTold = false
  const options = { tokens: openTokens(account, context), networkFor, tell }
  return {
    account,
    commands: accountCommands(account),
    base,
    ask: async (url, request = {}) => {
      // No address in an argument or an answer takes the token anywhere else.
      if (!isBelow(url, base) && !isBelow(url, (findApi()?.href ?? base).replace(/\/$/, '')))
        throw wrongHostFailure(url, base)
      const answer = await ask(url, request, options)
      const encoding = answer.headers['content-encoding'] ?? 'identity'
      // What decodes it may be wrong as well: some servers call the compression so that a file itself has.
      if (encoding !== 'identity' && !isTold) {
        isTold = true
        tell(
          `${answer.url.host} encoded its answer (${encoding}), which was not asked for, and nothing decodes it here`,
        )
      }
      return answer
    },
    apiUrl: () => {
      const url = findApi()
      if (url === undefined) throw unknownApiFailure(base)
      return url
    },
    product: () => readProvider(settings()).product,
  }
}

function wrongHostFailure({ origin }: URL, base: string): Failure {
  return new Failure(`nothing is sent to ${origin}: the access token is for ${base} and its API`, {
    hints: ['check where that address comes from'],
  })
}

function unknownApiFailure(base: string): Failure {
  return new Failure(`the address of the API of ${base} is not configured`, {
    code: 'not_configured',
    hints: [`git config --global ${quote(`credential.${base}.oauthApiURL`)} URL`],
  })
}

/** Of many requests at once that need a token, or a new one, one obtains it. */
function openTokens(account: Account, context: Context): AskOptions['tokens'] {
  let current: Promise<AccessToken> | undefined
  const obtain = async (refused: string | undefined): Promise<AccessToken> =>
    requireKnown(account, await obtainToken(account, context, refused)).token
  return {
    current: () => (current ??= obtain(undefined)),
    renewed: async (refused) => {
      const present = current
      const isRefused = (await present)?.id === refused
      // The second request finds the new token, or waits for it.
      if (isRefused && current === present) current = obtain(refused)
      return current ?? obtain(refused)
    },
  }
}
