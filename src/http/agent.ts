import { Agent, type AgentConnectOpts } from 'agent-base'
import { constants } from 'node:crypto'
import { once } from 'node:events'
import { type ClientRequest, request } from 'node:http'
import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { Failure } from '../base/failure.ts'
import { hideNodeDebug } from '../base/hideNodeDebug.ts'
import type { Network } from './network.ts'
import { isUnknownIssuer, readSystemTrust, readTrust, type Trust } from './trust.ts'
import { unreachableFailure } from './unreachable.ts'

/** Said here, because NODE_TLS_REJECT_UNAUTHORIZED and NODE_OPTIONS would say otherwise. */
const SAFE = { rejectUnauthorized: true, minVersion: 'TLSv1.2', ciphers: constants.defaultCoreCipherList } as const

/** For all that comes before a request: name lookup, connection, a proxy's CONNECT, TLS handshake. Seconds. */
const REACH_LIMIT = 15

/** Opens the connection of one exchange. */
export class Connector extends Agent {
  readonly #url: URL
  readonly #proxy: URL | undefined
  readonly #trust: Trust
  readonly #signal: AbortSignal
  #socket: Socket | undefined
  #missing = ''
  #failure: Failure | undefined

  /** @param signal ends all that is opened, at whatever stage it is */
  constructor(url: URL, network: Network, signal: AbortSignal) {
    super()
    hideNodeDebug()
    this.#url = url
    this.#proxy = network.proxy
    this.#trust = url.protocol === 'https:' ? readTrust(network) : {}
    this.#signal = signal
  }

  /** Why there was no connection, where the time was over or the proxy has refused: the library's error does not say. */
  findFailure(): Failure | undefined {
    return this.#failure
  }

  override async connect(_: ClientRequest, { host = '', port }: AgentConnectOpts): Promise<Duplex> {
    const timer = setTimeout(() => {
      const reason = `${this.#missing} within ${REACH_LIMIT} seconds`
      this.#failure = unreachableFailure(this.#url, this.#proxy, undefined, reason)
      this.#socket?.destroy(this.#failure)
    }, REACH_LIMIT * 1000)
    try {
      if (this.#url.protocol !== 'https:') return await this.#open({ host, port })
      try {
        return await this.#openTls(host, port, this.#trust)
      } catch (error) {
        const trust = isUnknownIssuer(error) ? readSystemTrust(this.#trust) : undefined
        if (trust === undefined) throw error
        return await this.#openTls(host, port, trust)
      }
    } finally {
      clearTimeout(timer)
    }
  }

  async #open(address: { host: string; port: number }): Promise<Socket> {
    this.#missing = isIP(address.host) === 0 ? NO_ADDRESS : NO_CONNECTION
    const socket = connect({ ...address, signal: this.#signal })
    this.#socket = socket
    socket.once('lookup', () => (this.#missing = NO_CONNECTION))
    return ready(socket, 'connect')
  }

  async #openTls(host: string, port: number, trust: Trust): Promise<Socket> {
    const proxy = this.#proxy
    const socket = await this.#open(proxy === undefined ? { host, port } : addressOf(proxy))
    if (proxy !== undefined) {
      this.#missing = 'no answer of the proxy'
      const status = await openTunnel(socket, proxy, `${host.includes(':') ? `[${host}]` : host}:${port}`)
      if (status !== 200) throw (this.#failure = proxyRefusalFailure(status))
    }
    this.#missing = 'a connection, but no TLS handshake'
    const name = isIP(host) === 0 ? { servername: host } : {}
    const secure = connectTls({ ...SAFE, ALPNProtocols: ['http/1.1'], ...trust, ...name, host, socket })
    this.#socket = secure
    // With --tls-keylog in NODE_OPTIONS, Node would write the connection's keys to a file.
    secure.removeAllListeners('keylog')
    return ready(secure, 'secureConnect', this.#signal)
  }
}

/** An error that comes when nobody waits any more, or once more by another way, is no reason to crash. */
async function ready(socket: Socket, event: string, signal?: AbortSignal): Promise<Socket> {
  socket.on('error', () => {})
  await once(socket, event, { signal })
  return socket
}

const NO_ADDRESS = 'no address for its name'
const NO_CONNECTION = 'no connection'

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
