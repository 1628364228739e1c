import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { Failure, systemCode } from '../base/failure.ts'
import { hideNodeDebug } from '../base/hideNodeDebug.ts'
import { findPeerUser } from './peer.ts'
import { findPortHolder } from './portHolder.ts'

/** The servers of one listener, and the redirect URI with the port where the system chose it. */
export type Listening = { readonly servers: readonly Server[]; readonly redirectUri: string }

type Handle = (request: IncomingMessage, response: ServerResponse) => void

/** @throws Failure `no_listener` where the port is taken or forbidden */
export async function listenOn(redirectUri: string, env: NodeJS.ProcessEnv, handle: Handle): Promise<Listening> {
  hideNodeDebug()
  const url = new URL(redirectUri)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isAddress = isIP(host) !== 0
  // url.port would be empty for an explicit 80 as well.
  const isFreePort = isAddress && !/^http:\/\/[^/]*:\d+(\/|$)/.test(redirectUri)
  const port = isFreePort ? 0 : Number(url.port || 80)
  const servers: Server[] = []
  try {
    for (const address of isAddress ? [host] : ['127.0.0.1', '::1']) {
      const server = await listen(address, port, (own) => limitConnections(own, env, handle))
      if (server !== undefined) servers.push(server)
    }
    if (servers.length === 0)
      throw new Failure('this machine has no loopback interface to listen on', { code: 'no_listener' })
  } catch (error) {
    closeListeners({ servers })
    throw error
  }
  if (!isFreePort) return { servers, redirectUri }
  const address = servers[0]?.address()
  if (typeof address === 'object' && address !== null) url.port = String(address.port)
  return { servers, redirectUri: url.href }
}

export function closeListeners({ servers }: Pick<Listening, 'servers'>): void {
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
}

/** A browser needs a few connections. A page or a stranger may open many. */
const MOST_CONNECTIONS = 32

/** A browser that has connected sends its request at once. Milliseconds. */
const HEADERS_TIME_LIMIT_MS = 5_000

/** @see https://learn.microsoft.com/windows-server/networking/technologies/netsh/netsh-interface-ipv4 */
const RESERVED = 'Windows may have reserved it: netsh interface ipv4 show excludedportrange tcp'

/** @returns undefined where this machine does not have the address */
async function listen(address: string, port: number, prepare: (server: Server) => void): Promise<Server | undefined> {
  const server = createServer({ headersTimeout: HEADERS_TIME_LIMIT_MS, connectionsCheckingInterval: 1_000 })
  prepare(server)
  try {
    server.listen({ host: address, port, exclusive: true })
    await once(server, 'listening')
    return server
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return undefined
    if (code === 'EADDRINUSE') {
      const holder = findPortHolder(address, port)
      const [by, way] =
        holder === undefined
          ? ['', ` (${process.platform === 'win32' ? 'netstat -ano' : `lsof -i :${port}`})`]
          : [` by ${holder}`, '']
      const message = `port ${port} on this machine is in use${by}, so the browser could not come back from the login`
      throw new Failure(message, {
        code: 'no_listener',
        hints: [
          `finish the login that another window may have open, or end the program that listens there${way}`,
          "another port: change the consumer's callback URL and oauthRedirectURL in git's configuration, both to the same",
        ],
        cause: error,
      })
    }
    throw new Failure(`this program may not listen on ${address}, port ${port} (${code ?? String(error)})`, {
      code: 'no_listener',
      hints: [
        ...(process.platform === 'win32' ? [RESERVED] : []),
        'choose another port with oauthRedirectURL, the same in the consumer',
      ],
      cause: error,
    })
  }
}

/**
 * A web page can make a browser open connections that never bring a request, and so can another user of the machine. Where
 * there are too many, the oldest one without a request goes, so that the redirect always gets in.
 */
function limitConnections(server: Server, env: NodeJS.ProcessEnv, handle: Handle): void {
  const idle = new Set<Socket>()
  server.on('connection', (socket) => {
    if (isStranger(socket, env)) {
      socket.destroy()
      return
    }
    idle.add(socket)
    socket.once('close', () => idle.delete(socket))
    const [oldest] = idle
    if (idle.size > MOST_CONNECTIONS) oldest?.destroy()
  })
  server.on('request', (request, response) => {
    idle.delete(request.socket)
    handle(request, response)
  })
}

/** Root forwards ports for others. Under sudo, the browser may belong to the user who called it. */
function isStranger(socket: Socket, env: NodeJS.ProcessEnv): boolean {
  const user = findPeerUser(socket)
  const own = [process.getuid?.(), 0, Number(env['SUDO_UID'])]
  return user !== undefined && !own.includes(user)
}
