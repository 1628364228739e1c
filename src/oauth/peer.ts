import type { Socket } from 'node:net'
import { findConnection, toHex } from './connections.ts'

/**
 * The user at the other end of a loopback connection, as the system tells.
 *
 * @returns undefined where it does not
 */
export function findPeerUser({ remotePort, localPort }: Socket): number | undefined {
  if (remotePort === undefined || localPort === undefined) return undefined
  return findConnection(`[0-9A-F]+:${toHex(remotePort)} [0-9A-F]+:${toHex(localPort)} [0-9A-F]+`)?.user
}
