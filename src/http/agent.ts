import { Agent, type AgentConnectOpts } from 'agent-base'
import { constants } from 'node:crypto'
import { once } from 'node:events'
import type { ClientRequest } from 'node:http'
import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { type Failure, isFailure } from '../base/failure.ts'
import { hideNodeDebug } from '../base/hideNodeDebug.ts'
import type { Network } from './network.ts'
import { type Identity, readIdentity } from './identity.ts'
import { type Address, addressOf, isSocks, openTunnel } from './proxy.ts'
import { mayTrustMore, readProxyTrust, readTrust, type Trust, widen } from './trust.ts'
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
  readonly #proxyTrust: Trust | undefined
  readonly #identity: Identity
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
    const isSecure = url.protocol === 'https:'
    this.#trust = isSecure ? readTrust(network) : {}
    this.#proxyTrust = isSecure ? readProxyTrust(network) : undefined
    this.#identity = isSecure ? readIdentity(network) : {}
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
      let refusal: unknown
      for (const trust of widen(this.#trust)) {
        try {
          return await this.#openTls(host, port, trust)
        } catch (error) {
          if (!mayTrustMore(error)) throw error
          refusal = error
        }
      }
      throw refusal
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
    const socket =
      this.#proxy === undefined
        ? await this.#open({ host, port })
        : await this.#pass(this.#proxy, { host, port }, trust)
    this.#missing = 'a connection, but no TLS handshake'
    return this.#secure(socket, host, { ...trust, ...this.#identity })
  }

  /** A connection through a proxy. Where it asks for a password, there is a second one: many close the first. */
  async #pass(proxy: URL, target: Address, trust: Trust, sends = false): Promise<Socket> {
    const address = addressOf(proxy)
    const open = await this.#open(address)
    const isSecure = proxy.protocol === 'https:'
    const socket = isSecure ? await this.#secure(open, address.host, this.#proxyTrust ?? trust) : open
    this.#missing = 'no answer of the proxy'
    try {
      if (isSocks(proxy)) await (await import('./socks.ts')).openSocks(socket, proxy, target)
      else if ((await openTunnel(socket, proxy, target, sends)) !== 200)
        return await this.#pass(proxy, target, trust, true)
      return socket
    } catch (error) {
      if (isFailure(error)) this.#failure = error
      throw error
    }
  }

  async #secure(socket: Socket, host: string, options: Trust & Identity): Promise<Socket> {
    const name = isIP(host) === 0 ? { servername: host } : {}
    const secure = connectSecurely(socket, { ...SAFE, ALPNProtocols: ['http/1.1'], ...options, ...name, host })
    this.#socket = secure
    // With --tls-keylog in NODE_OPTIONS, Node would write the connection's keys to a file.
    secure.removeAllListeners('keylog')
    return ready(secure, 'secureConnect', this.#signal)
  }
}

/** A key that cannot be read throws at once, and leaves the connection open. */
function connectSecurely(socket: Socket, options: ConnectionOptions): TLSSocket {
  try {
    return connectTls({ ...options, socket })
  } catch (error) {
    socket.destroy()
    throw error
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
