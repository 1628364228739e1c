import type { ExecutionContext } from 'ava'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Identity } from '../sandbox/sandbox.ts'

/** How an exchange ends: it hangs, is cut (RST), is closed (FIN), or goes on for ever. */
export type Ending = 'hang' | 'reset' | 'end' | 'flood'

/** How far an exchange comes. A proxy's are those with `CONNECT`. */
export type Stage =
  'accept' | 'plain' | 'hello' | 'request' | 'head' | 'headers' | 'body' | 'CONNECT' | 'CONNECT answer' | number

export type Fault = { readonly stage: Stage; readonly ending: Ending }

const HEAD = 'HTTP/1.1 200 OK\r\n'
const HEADERS = 'content-type: application/json\r\ncontent-length: 1000\r\n\r\n'
const CHUNKED = 'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'
const PIECE = 'x'.repeat(16_000)

/** The beginning of a ServerHello. */
const HELLO = Buffer.from('160303007a02000076', 'hex')

/** A server or proxy on the loopback interface that speaks the real protocol up to its fault. */
export class Faulty {
  readonly port: number
  /** The connections that hang now. */
  readonly #hanging = new Set<Socket>()

  private constructor(server: Server) {
    this.port = (server.address() as AddressInfo).port
  }

  /** An https server. Without a fault it passes everything on to a plain one. */
  static server(t: ExecutionContext, fault: Fault | undefined, identity: Identity, origin: string): Promise<Faulty> {
    return Faulty.#start(t, (faulty, raw) => {
      if (fault?.stage === 'accept') return faulty.#finish(raw, raw, fault.ending)
      if (fault?.stage === 'hello' || fault?.stage === 'plain') {
        raw.once('data', () => {
          raw.write(fault.stage === 'hello' ? HELLO : 'HTTP/1.1 400 Bad Request\r\n\r\n')
          faulty.#finish(raw, raw, fault.ending)
        })
        return
      }
      const socket = new TLSSocket(raw, { isServer: true, ...identity })
      socket.on('error', () => {})
      if (fault === undefined) return pass(socket, new URL(origin).port)
      socket.once('data', () => {
        if (fault.stage === 'head') socket.write(HEAD)
        if (fault.stage === 'headers') socket.write(HEAD + HEADERS)
        if (fault.stage === 'body') {
          socket.write(fault.ending === 'flood' ? HEAD + CHUNKED : `${HEAD}${HEADERS}{"access_token":"`)
        }
        faulty.#finish(socket, raw, fault.ending, fault.stage === 'body')
      })
    })
  }

  /** An http proxy. Without a fault it connects to where it is asked. A number is a status that it answers. */
  static proxy(t: ExecutionContext, fault: Fault): Promise<Faulty> {
    return Faulty.#start(t, (faulty, raw) => {
      if (fault.stage === 'accept') return faulty.#finish(raw, raw, fault.ending)
      raw.once('data', () => {
        if (fault.stage === 'head') raw.write(HEAD)
        if (fault.stage === 'CONNECT answer') {
          raw.write(`${HEAD}\r\n`)
          raw.once('data', () => faulty.#finish(raw, raw, fault.ending))
          return
        }
        if (typeof fault.stage === 'number') raw.write(`HTTP/1.1 ${fault.stage} No\r\ncontent-length: 0\r\n\r\n`)
        faulty.#finish(raw, raw, fault.ending)
      })
    })
  }

  static async #start(t: ExecutionContext, accept: (faulty: Faulty, socket: Socket) => void): Promise<Faulty> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const faulty = new Faulty(server)
    const sockets = new Set<Socket>()
    server.on('connection', (socket) => {
      sockets.add(socket)
      socket.on('error', () => {}).once('close', () => sockets.delete(socket))
      accept(faulty, socket)
    })
    t.teardown(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    return faulty
  }

  /** Whether somebody waits for what never comes. */
  isWaitedFor(): boolean {
    return this.#hanging.size > 0
  }

  #finish(socket: Socket, raw: Socket, ending: Ending, isChunked = false): void {
    socket.resume()
    if (ending === 'end') socket.end()
    if (ending === 'reset') setImmediate(() => raw.resetAndDestroy())
    if (ending === 'flood')
      flood(socket, isChunked ? `${PIECE.length.toString(16)}\r\n${PIECE}\r\n` : `x: ${PIECE}\r\n`)
    if (ending !== 'hang') return
    this.#hanging.add(raw)
    raw.once('close', () => this.#hanging.delete(raw))
  }
}

function pass(socket: Socket, port: string): void {
  const upstream = connect(Number(port), '127.0.0.1')
  upstream.on('error', () => socket.destroy())
  socket.on('close', () => upstream.destroy())
  socket.pipe(upstream).pipe(socket)
}

function flood(socket: Socket, piece: string): void {
  while (!socket.destroyed && socket.write(piece));
  if (!socket.destroyed) socket.once('drain', () => flood(socket, piece))
}

/** It listens, and takes no connection: it is stopped. Two are in its queue, and Linux drops what comes then. */
const DEAF = `const server = require('node:net').createServer()
server.listen({ host: '0.0.0.0', port: 0, backlog: 1 }, () => {
  require('node:fs').writeSync(1, String(server.address().port))
  process.kill(process.pid, 'SIGSTOP')
})`

/** A port where all that comes is dropped, on each address of the loopback interface. */
export async function startBlackHole(t: ExecutionContext): Promise<number> {
  const child = spawn(process.execPath, ['-e', DEAF], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(text.toString())
  for (let place = 0; place < 2; place++) {
    const filler = connect(port, '127.0.0.1').on('error', () => {})
    t.teardown(() => filler.destroy())
    await once(filler, 'connect')
  }
  return port
}

/** Whether a connection to a port of 127.0.0.`host` was asked for and not answered yet. */
export function isAskedFor(host: number, port: number): boolean {
  return readFileSync('/proc/net/tcp', 'utf8').includes(` ${hex(host, 2)}00007F:${hex(port, 4)} 02 `)
}

function hex(value: number, length: number): string {
  return value.toString(16).toUpperCase().padStart(length, '0')
}
