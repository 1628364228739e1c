import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { orUndefined } from '../base/failure.ts'

/**
 * The user at the other end of a loopback connection, as the system's table of connections tells. Linux has one.
 *
 * @returns undefined where there is no such table, or the connection is not in it
 * @see https://docs.kernel.org/networking/proc_net_tcp.html
 */
export function findPeerUser({ remotePort, localPort }: Socket): number | undefined {
  if (remotePort === undefined || localPort === undefined) return undefined
  const ends = `:${toHex(remotePort)} [0-9A-F]+:${toHex(localPort)}`
  const entry = new RegExp(`^ *\\d+: [0-9A-F]+${ends} [0-9A-F]+ \\S+ \\S+ \\S+ +(\\d+) `, 'm')
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const [, user] = entry.exec(orUndefined(() => readFileSync(table, 'latin1')) ?? '') ?? []
    if (user !== undefined) return Number(user)
  }
  return undefined
}

function toHex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}
