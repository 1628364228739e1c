import { Agent as PromisingAgent, type AgentConnectOpts } from 'agent-base'
import { constants } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent as PlainAgent, type ClientRequest, request } from 'node:http'
import { Agent } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect, type ConnectionOptions, rootCertificates } from 'node:tls'
import { Failure, systemCode } from '../base/failure.ts'
import { hideNodeDebug } from '../base/hideNodeDebug.ts'
import type { Network } from './network.ts'

/** Opens the connections of one exchange. */
export type Connector = {
  readonly agent: PlainAgent
  /** The Failure `unreachable` where the proxy has refused to connect, which the library hides in an error of its own. */
  readonly findRefusal: () => Failure | undefined
}

/** Said here, because NODE_TLS_REJECT_UNAUTHORIZED and NODE_OPTIONS would say otherwise. */
const SAFE = { rejectUnauthorized: true, minVersion: 'TLSv1.2', ciphers: constants.defaultCoreCipherList } as const

/** @param signal ends all that is opened, at whatever stage it is */
export function openConnector(url: URL, { proxy, certificateFiles }: Network, signal: AbortSignal): Connector {
  hideNodeDebug()
  if (url.protocol !== 'https:') return { agent: new PlainAgent(), findRefusal: () => undefined }
  const options = { ...SAFE, ...readCertificates(certificateFiles) }
  if (proxy === undefined) return { agent: new DirectAgent(options), findRefusal: () => undefined }
  let refusal: Failure | undefined
  const agent = new TunnelAgent(options, async (host) => {
    const { status, socket } = await openTunnel(proxy, host, signal)
    if (status === 200) return socket
    socket.destroy()
    // What the proxy says beside its status must never count as the server's word.
    refusal = proxyRefusalFailure(status)
    throw refusal
  })
  return { agent, findRefusal: () => refusal }
}

class DirectAgent extends Agent {
  override createConnection(...args: Parameters<Agent['createConnection']>): Duplex | null | undefined {
    return withoutKeyLog(super.createConnection(...args))
  }
}

/** With --tls-keylog in NODE_OPTIONS, Node writes each connection's keys to a file. */
function withoutKeyLog<Socket extends Duplex | null | undefined>(socket: Socket): Socket {
  socket?.removeAllListeners('keylog')
  return socket
}

/** Speaks TLS through a connection that a proxy has made. */
class TunnelAgent extends PromisingAgent {
  readonly #tls: ConnectionOptions
  readonly #open: (host: string) => Promise<Duplex>

  constructor(options: ConnectionOptions, open: (host: string) => Promise<Duplex>) {
    super()
    this.#tls = options
    this.#open = open
  }

  override async connect(_: ClientRequest, { host = '', port }: AgentConnectOpts): Promise<Duplex> {
    const socket = await this.#open(`${host.includes(':') ? `[${host}]` : host}:${port}`)
    const servername = isIP(host) === 0 ? { servername: host } : {}
    return withoutKeyLog(connect({ ...this.#tls, ...servername, host, socket }))
  }
}

/** Asks a proxy for a connection to a host and port (RFC 9110, section 9.3.6). */
function openTunnel(proxy: URL, host: string, signal: AbortSignal): Promise<{ status: number; socket: Duplex }> {
  const { username, password, hostname, port } = proxy
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  const authorization = username === '' ? {} : { 'proxy-authorization': `Basic ${credentials.toString('base64')}` }
  return new Promise((resolve, reject) => {
    request({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port || 80,
      method: 'CONNECT',
      path: host,
      headers: { host, ...authorization },
      agent: false,
      signal,
    })
      .once('connect', ({ statusCode = 0 }, socket) => resolve({ status: statusCode, socket }))
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
    hints: status === 407 ? ['give it a username and password: http://USER:PASSWORD@HOST:PORT in http.proxy'] : [],
  })
}
