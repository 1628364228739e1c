import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { note, type SeenRequest } from './seen.ts'

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/**
 * Where Bitbucket redirects who wants a file: another origin, whose links need no token, and which answers 400 to whoever
 * brings one all the same. It is there from the first link on.
 */
export class OtherOrigin {
  /** Every request, oldest first. */
  readonly requests: SeenRequest[] = []
  readonly #links = new Map<string, Serve>()
  readonly #identity: { key: string; cert: string } | undefined
  #server: Promise<Server> | undefined

  /** @param identity for https; its certificate has to be one for 127.0.0.1 */
  constructor(identity: { key: string; cert: string } | undefined) {
    this.#identity = identity
  }

  /** A URL where that is served. */
  async link(serve: Serve): Promise<string> {
    this.#server ??= this.#start()
    const path = `/${randomUUID()}`
    this.#links.set(path, serve)
    const { port } = (await this.#server).address() as AddressInfo
    return `${this.#identity === undefined ? 'http' : 'https'}://127.0.0.1:${port}${path}`
  }

  async #start(): Promise<Server> {
    const server = this.#identity === undefined ? createServer() : createTlsServer(this.#identity)
    server.on('request', (request, response) => {
      note(this.requests, request, response)
      const serve = this.#links.get(request.url ?? '')
      if (request.headers.authorization !== undefined) {
        response.writeHead(400, { 'content-type': 'text/plain' }).end('Only one auth mechanism allowed\n')
      } else if (serve === undefined) {
        response.writeHead(404).end()
      } else {
        serve(request, response).catch(() => response.destroy())
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }

  async stop(): Promise<void> {
    const server = await this.#server
    server?.close()
    server?.closeAllConnections()
  }
}
