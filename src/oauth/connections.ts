import { readFileSync } from 'node:fs'
import { orUndefined } from '../base/failure.ts'

/** The system's tables of connections; Linux alone has them. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6']

/** What a connection's line in the tables says; undefined where there is none. */
export type Connection = { readonly user: number; readonly inode: number }

/**
 * Looks for a connection.
 *
 * @param ends its beginning, up to the state, as a regular expression
 * @see https://docs.kernel.org/networking/proc_net_tcp.html
 */
export function findConnection(ends: string, tables: readonly string[] = TABLES): Connection | undefined {
  const line = new RegExp(`^ *\\d+: ${ends} \\S+ \\S+ \\S+ +(\\d+) +\\d+ (\\d+) `, 'm')
  for (const table of tables) {
    const [, user, inode] = line.exec(orUndefined(() => readFileSync(table, 'latin1')) ?? '') ?? []
    if (user !== undefined) return { user: Number(user), inode: Number(inode) }
  }
  return undefined
}

/** A port as the tables have it. */
export function toHex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}
