import { HttpsProxyAgent } from 'https-proxy-agent'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { rootCertificates } from 'node:tls'
import { getProxyForUrl } from 'proxy-from-env'
import { Failure, isFailure, systemCode } from './failure.ts'

/** How the user's network wants to be used, beside what the usual environment variables say. */
export type Network = {
  /** An http or https proxy's URL; may hold a password, so it is never printed. */
  readonly proxy?: string | undefined
  /** Files of certificates (PEM) to trust beside Node's own. */
  readonly certificateFiles: readonly string[]
}

/** A request whose answer is small. `headers` and `body` may be secret. */
export type Request = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** An answer, read to its end. May be secret. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** For a whole exchange. Seconds. */
const TIME_LIMIT = 30

/** No answer that we want comes near it. Bytes. */
const SIZE_LIMIT = 1024 * 1024

/**
 * Sends a request and reads the whole answer. A redirect is an answer too: it is never followed, so no secret reaches
 * a host that it was not meant for.
 *
 * @throws Failure with the code `unreachable` when there is no answer
 */
export async function send(url: URL, request: Request, network: Network): Promise<Answer> {
  const refusal: { status?: number } = {}
  const agent = url.protocol === 'https:' ? agentFor(url, network, (status) => (refusal.status = status)) : undefined
  // Not loaded before there is something to send: of fifty processes that wait for one refresh, one sends.
  const { default: fetch } = await import('node-fetch')
  try {
    const response = await fetch(url, {
      ...request,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIME_LIMIT * 1000),
      size: SIZE_LIMIT,
      agent,
    })
    const body = await response.text()
    if (refusal.status !== undefined) throw refusedByProxy(refusal.status)
    return { status: response.status, headers: Object.fromEntries(response.headers), body }
  } catch (error) {
    throw isFailure(error) ? error : unreachable(url, error)
  }
}

/** @param refused is called with the status of a proxy that did not connect */
function agentFor(url: URL, network: Network, refused: (status: number) => void): Agent | undefined {
  const options = network.certificateFiles.length === 0 ? {} : { ca: certificates(network.certificateFiles) }
  const proxy = network.proxy ?? getProxyForUrl(url.href)
  if (proxy === '') return new Agent(options)
  const address = URL.canParse(proxy) ? new URL(proxy) : undefined
  if (address === undefined || !['http:', 'https:'].includes(address.protocol)) {
    throw new Failure('the proxy that is configured is neither an http nor an https URL', {
      code: 'unreachable',
      hints: ['git config --show-origin --get-all http.proxy', 'or look at HTTPS_PROXY and ALL_PROXY'],
    })
  }
  const agent = new HttpsProxyAgent(address, options)
  // The options above are for the connection to the proxy; these are for the one to the server behind it.
  Object.assign(agent.options, options)
  // The library passes a proxy's refusal on as if the server had said it. It must never be taken for the server's word.
  agent.on('proxyConnect', ({ statusCode }: { statusCode: number }) => statusCode === 200 || refused(statusCode))
  return agent
}

function refusedByProxy(status: number): Failure {
  return new Failure(`the proxy did not connect (HTTP ${status})`, {
    code: 'unreachable',
    hints: status === 407 ? ['it wants a username and password: http://USER:PASSWORD@HOST:PORT in http.proxy'] : [],
  })
}

function certificates(files: readonly string[]): string[] {
  return [...rootCertificates, ...files.map(readCertificates)]
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure(`the certificates in ${file} cannot be read (${systemCode(error) ?? String(error)})`, {
      code: 'unreachable',
      hints: ['look at http.sslCAInfo in git config, GIT_SSL_CAINFO and SSL_CERT_FILE'],
    })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known here',
  EAI_AGAIN: 'its name cannot be looked up',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'it does not answer',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection was cut',
}

function unreachable(url: URL, error: unknown): Failure {
  const code = systemCode(error) ?? systemCode(error instanceof Error ? error.cause : undefined) ?? ''
  const isTls = /CERT|SIGNATURE|TLS|SSL/.test(code)
  const isLate = error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
  const reason = isTls
    ? `its certificate is not trusted here, ${code}`
    : isLate
      ? `no answer within ${TIME_LIMIT} seconds`
      : (REASONS[code] ?? (code || 'the request failed'))
  return new Failure(`${url.host} cannot be reached (${reason})`, {
    code: 'unreachable',
    hints: isTls
      ? ["if your company's network puts in its own certificate: git config --global http.sslCAInfo /path/to/it.pem"]
      : [],
    cause: error,
  })
}
