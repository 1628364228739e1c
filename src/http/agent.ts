import { Agent, type AgentConnectOpts } from 'agent-base'
import { constants } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type ClientRequest, request } from 'node:http'
import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions, rootCertificates, type TLSSocket } from 'node:tls'
import { Failure, systemCode } from '../base/failure.ts'
import { hideNodeDebug } from '../base/hideNodeDebug.ts'
import type { Network } from './network.ts'
import { unreachableFailure } from './unreachable.ts'

/** Said here, because NODE_TLS_REJECT_UNAUTHORIZED and NODE_OPTIONS would say otherwise. */
const SAFE = { rejectUnauthorized: true, minVersion: 'TLSv1.2', ciphers: constants.defaultCoreCipherList } as const

/** For all that comes before a request: name lookup, connection, a proxy's CONNECT, TLS handshake. Seconds. */
const REACH_LIMIT = 15

/** Opens the connection of one exchange. */
export class Connector extends Agent {
  readonly #url: URL
  readonly #proxy: URL | undefined
  readonly #tls: ConnectionOptions
  readonly #signal: AbortSignal
  #failure: Failure | undefined

  /** @param signal ends all that is opened, at whatever stage it is */
  constructor(url: URL, { proxy, certificateFiles }: Network, signal: AbortSignal) {
    super()
    hideNodeDebug()
    this.#url = url
    this.#proxy = proxy
    this.#tls = { ...SAFE, ALPNProtocols: ['http/1.1'], ...readCertificates(certificateFiles) }
    this.#signal = signal
  }

  /** Why there was no connection, where the time was over or the proxy has refused: the library's error does not say. */
  findFailure(): Failure | undefined {
    return this.#failure
  }

  override async connect(_: ClientRequest, { host = '', port }: AgentConnectOpts): Promise<Duplex> {
    const proxy = this.#proxy
    const isSecure = this.#url.protocol === 'https:'
    const secure = { ...this.#tls, ...(isIP(host) === 0 ? { servername: host } : {}), host, port }
    const first = proxy === undefined ? { host, port } : addressOf(proxy)
    let missing = isIP(first.host) === 0 ? NO_ADDRESS : 'no connection'
    let socket = isSecure && proxy === undefined ? openTls(secure) : connect({ ...first, signal: this.#signal })
    const timer = setTimeout(() => {
      this.#failure = unreachableFailure(this.#url, proxy, undefined, `${missing} within ${REACH_LIMIT} seconds`)
      socket.destroy(this.#failure)
    }, REACH_LIMIT * 1000)
    const stop = (): void => clearTimeout(timer)
    socket
      .once('lookup', () => (missing = 'no connection'))
      .once('connect', () => (missing = proxy === undefined ? NO_TLS : 'no answer of the proxy'))
      .once('close', stop)
    if (!isSecure) return socket.once('connect', stop)
    if (proxy !== undefined) {
      const status = await openTunnel(socket, proxy, `${host.includes(':') ? `[${host}]` : host}:${port}`)
      if (status !== 200) throw (this.#failure = proxyRefusalFailure(status))
      missing = NO_TLS
      socket = openTls({ ...secure, socket })
    }
    return socket.once('secureConnect', stop)
  }
}

/** With --tls-keylog in NODE_OPTIONS, Node would write the connection's keys to a file. */
function openTls(options: ConnectionOptions): TLSSocket {
  return connectTls(options).removeAllListeners('keylog')
}

const NO_ADDRESS = 'no address for its name'
const NO_TLS = 'a connection, but no TLS handshake'

function addressOf({ hostname, port }: URL): { host: string; port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) }
}

/**
 * Asks a proxy for a connection (RFC 9110, section 9.3.6).
 *
 * @param host with its port
 * @returns the status. What the proxy says beside it must never count as the server's word
 */
function openTunnel(socket: Socket, { username, password }: URL, host: string): Promise<number> {
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  const authorization = username === '' ? {} : { 'proxy-authorization': `Basic ${credentials.toString('base64')}` }
  const headers = { host, ...authorization }
  return new Promise((resolve, reject) => {
    request({ createConnection: () => socket, method: 'CONNECT', path: host, headers })
      .once('connect', ({ statusCode = 0 }) => {
        if (statusCode !== 200) socket.destroy()
        resolve(statusCode)
      })
      .once('error', reject)
      .end()
  })
}

function readCertificates(files: readonly string[]): { ca?: string[] } {
  return files.length === 0 ? {} : { ca: [...rootCertificates, ...files.map(readCertificate)] }
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

function proxyRefusalFailure(status: number): Failure {
  return new Failure(`the proxy did not connect (HTTP ${status})`, {
    code: 'unreachable',
    hints: [
      status === 407
        ? 'give it a username and password: http://USER:PASSWORD@HOST:PORT in http.proxy'
        : 'try again in a while, or look at http.proxy in git config, HTTPS_PROXY and ALL_PROXY',
    ],
  })
}
