import { lookup } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import { SocksClient } from 'socks'
import { Failure } from '../base/failure.ts'
import { type Address, addressOf, decode } from './proxy.ts'

/**
 * Asks a SOCKS proxy for a connection (RFC 1928, RFC 1929).
 *
 * @param socket connected to it
 * @throws Failure where it does not connect
 */
export async function openSocks(socket: Socket, proxy: URL, target: Address): Promise<void> {
  const { protocol, username, password } = proxy
  // Only with these two protocols the proxy looks the name up.
  const isRemote = protocol === 'socks4a:' || protocol === 'socks5h:'
  const family = protocol === 'socks4:' ? 4 : 0
  const host = isRemote || isIP(target.host) !== 0 ? target.host : (await lookup(target.host, family)).address
  const user = decode(username)
  const credentials = user === '' ? {} : { userId: user, password: decode(password) }
  try {
    await SocksClient.createConnection({
      proxy: { ...addressOf(proxy), type: protocol.startsWith('socks4') ? 4 : 5, ...credentials },
      command: 'connect',
      destination: { host, port: target.port },
      existing_socket: socket,
    })
  } catch (error) {
    throw socksFailure(error instanceof Error ? error.message : String(error))
  }
}

/** The library has no codes of its own, but words. */
function socksFailure(words: string): Failure {
  const isOfUser = /authentication|no acceptable/i.test(words)
  return new Failure(`the SOCKS proxy did not connect (${words})`, {
    code: 'unreachable',
    hints: [
      isOfUser
        ? 'give it a username and password: socks5h://USER:PASSWORD@HOST:PORT in http.proxy'
        : 'try again in a while, or look at http.proxy in git config, HTTPS_PROXY and ALL_PROXY',
    ],
  })
}
