import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { orUndefined } from '../base/failure.ts'
import { findConnection, toHex } from './connections.ts'

/** The addresses that take a port of each, as the system's tables have them. */
const TAKERS: Readonly<Record<string, string>> = {
  '127.0.0.1': '(?:0{8}|0{32}|[0F]*0100007F)',
  '::1': '(?:0{32}|0{24}01000000)',
}

/**
 * Who listens on a port, as far as the system tells: `node (process 4242)`. It does not tell us the processes of others.
 *
 * @param tables in the place of the system's
 */
export function findPortHolder(address: string, port: number, tables?: readonly string[]): string | undefined {
  const held = findConnection(`${TAKERS[address]}:${toHex(port)} 0+:0000 0A`, tables)
  if (held === undefined) return undefined
  const isForeign = held.user !== process.getuid?.()
  const pid = findProcess(`socket:[${held.inode}]`)
  if (pid === undefined) return isForeign ? `another user's process (uid ${held.user})` : undefined
  const name = orUndefined(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? 'a program'
  return `${name} (process ${pid})${isForeign ? ` of another user (uid ${held.user})` : ''}`
}

function findProcess(socket: string): string | undefined {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((pid) =>
      list(`/proc/${pid}/fd`).some((file) => orUndefined(() => readlinkSync(`/proc/${pid}/fd/${file}`)) === socket),
    )
}

function list(directory: string): string[] {
  return orUndefined(() => readdirSync(directory)) ?? []
}
