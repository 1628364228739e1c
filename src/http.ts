import { HttpsProxyAgent } from 'https-proxy-agent'
import { readFileSync } from 'node:fs'
import { Agent as PlainAgent } from 'node:http'
import { Agent } from 'node:https'
import { rootCertificates } from 'node:tls'
import { Failure, isFailure, systemCode } from './failure.ts'
import type { Trace } from './trace.ts'

/** How the user's network wants to be used. */
export type Network = {
  /** An http proxy for https; may hold a password, so no more than its host is ever printed. */
  readonly proxy: URL | undefined
  /** Is told of each exchange, without what is secret in it. */
  readonly trace?: Trace
  /** Files of certificates (PEM) to trust beside Node's own. */
  readonly certificateFiles: readonly string[]
}

/** A request whose answer is small. `headers` and `body` may be secret. */
export type Request = {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Asked once the way to the server is open, before anything is sent. False ends it with the code `not_sent`. */
  readonly isWanted?: () => boolean
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
 * @throws Failure with the code `unreachable` when there is no answer, `not_sent` when it was not wanted any more
 */
export async function send(url: URL, { isWanted, ...request }: Request, network: Network): Promise<Answer> {
  const proxy: { status?: number } = {}
  const agent = url.protocol === 'https:' ? makeAgent(network, (status) => (proxy.status = status)) : new PlainAgent()
  let isUnwanted = false
  if (isWanted !== undefined) askWhenConnected(agent, () => !(isUnwanted = !isWanted()))
  const began = performance.now()
  const signal = AbortSignal.timeout(TIME_LIMIT * 1000)
  // Not loaded before there is something to send: of fifty processes that wait for one refresh, one sends.
  const { default: fetch } = await import('node-fetch')
  try {
    const response = await fetch(url, {
      ...request,
      redirect: 'manual',
      signal,
      size: SIZE_LIMIT,
      agent,
    })
    const body = await response.text()
    if (proxy.status !== undefined) throw refusedByProxy(proxy.status)
    network.trace?.(`${request.method} ${url.origin}${url.pathname}: ${response.status}, ${since(began)}`)
    return { status: response.status, headers: Object.fromEntries(response.headers), body }
  } catch (error) {
    network.trace?.(`${request.method} ${url.origin}${url.pathname}: no answer, ${since(began)}`)
    if (isUnwanted) throw new Failure(`nothing was sent to ${url.host}`, { code: 'not_sent' })
    throw isFailure(error) ? error : unreachable(url, network, error, signal.aborted)
  }
}

function since(began: number): string {
  return `${Math.round(performance.now() - began)} ms`
}

/** The request is written when the connection is handed over. (Through a proxy, when the proxy's part is done.) */
function askWhenConnected(agent: PlainAgent, isWanted: () => boolean): void {
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, done) => {
    const socket = connect(options)
    if (!socket) return socket
    const refuse = (error: Error): void => done?.(error, socket)
    socket.once('error', refuse)
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
      if (!isWanted()) {
        socket.destroy(new Error('not wanted any more'))
        return
      }
      socket.off('error', refuse)
      done?.(null, socket)
    })
    return undefined
  }
}

/** @param refused is called with the status of a proxy that did not connect */
function makeAgent({ proxy, certificateFiles }: Network, refused: (status: number) => void): Agent {
  const options = certificateFiles.length === 0 ? {} : { ca: readCertificates(certificateFiles) }
  if (proxy === undefined) return new Agent(options)
  const agent = new HttpsProxyAgent(proxy)
  // What the library's constructor takes holds for the proxy alone; this is for the server behind it.
  Object.assign(agent.options, options)
  // The library passes a proxy's refusal on as if the server had said it. It must never be taken for the server's word.
  agent.on('proxyConnect', ({ statusCode }: { statusCode: number }) => statusCode === 200 || refused(statusCode))
  return agent
}

function readCertificates(files: readonly string[]): string[] {
  return [...rootCertificates, ...files.map(readCertificate)]
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure(`the certificates in ${file} cannot be read (${systemCode(error) ?? String(error)})`, {
      code: 'unreachable',
      hints: ['look at http.sslCAInfo in git config, GIT_SSL_CAINFO and SSL_CERT_FILE'],
    })
  }
}

function refusedByProxy(status: number): Failure {
  return new Failure(`the proxy did not connect (HTTP ${status})`, {
    code: 'unreachable',
    hints: status === 407 ? ['give it a username and password: http://USER:PASSWORD@HOST:PORT in http.proxy'] : [],
  })
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

const TLS_REASONS: Readonly<Record<string, { readonly reason: string; readonly hint: string }>> = {
  CERT_HAS_EXPIRED: { reason: 'its certificate has expired', hint: "look at this machine's clock first" },
  CERT_NOT_YET_VALID: { reason: 'its certificate is not valid yet', hint: "look at this machine's clock first" },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'its certificate is for another name',
    hint: 'something stands between this machine and the server: a login page of this network, or a wrong proxy',
  },
}

function unreachable(url: URL, { proxy }: Network, error: unknown, isLate: boolean): Failure {
  const code = systemCode(error) ?? systemCode(error instanceof Error ? error.cause : undefined) ?? ''
  const tls = TLS_REASONS[code] ?? (/CERT|SIGNATURE/.test(code) ? untrusted(code) : undefined)
  if (tls !== undefined) {
    return new Failure(`${url.host} cannot be reached (${tls.reason})`, {
      code: 'unreachable',
      hints: [tls.hint],
      cause: error,
    })
  }
  const reason = isLate ? `no answer within ${TIME_LIMIT} seconds` : (REASONS[code] ?? (code || 'the request failed'))
  const where = proxy === undefined ? url.host : `${url.host}, through the proxy ${proxy.host},`
  return new Failure(`${where} cannot be reached (${reason})`, {
    code: 'unreachable',
    hints: ['try again when the network is back; to look for the cause: git credential-bitbucket-oauth doctor'],
    cause: error,
  })
}

function untrusted(code: string): { reason: string; hint: string } {
  return {
    reason: `its certificate is not trusted here, ${code}`,
    hint: "if your company's network puts in its own certificate: git config --global http.sslCAInfo /path/to/it.pem",
  }
}
