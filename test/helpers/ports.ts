import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'

/** Here a port is held as long as this process lives, so that no other test's process chooses it. */
const RESERVATIONS = '127.0.0.2'

const LOWEST = 10_000

/** Below those that the system hands out by itself: one of these could be somebody else's by the time it is used. */
const LIMIT = Math.min(32_000, firstHandedOut())

/** One that was given away may be free only because it is not used yet. */
const given = new Set<number>()

/** A port of the loopback interface where nobody listens on either address, and that no other test is given. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, LIMIT)
    if (given.has(port)) continue
    given.add(port)
    // Where this machine has no such address, chance alone keeps two tests apart.
    if ((await listen(port, RESERVATIONS)) === 'in use') continue
    if ((await isFree(port, '127.0.0.1')) && (await isFree(port, '::1'))) return port
  }
}

async function isFree(port: number, address: string): Promise<boolean> {
  const server = await listen(port, address)
  if (typeof server === 'string') return server === 'not to be had'
  server.close()
  await once(server, 'close')
  return true
}

async function listen(port: number, address: string): Promise<Server | 'in use' | 'not to be had'> {
  const server = createServer().unref()
  server.listen(port, address)
  return once(server, 'listening').then(
    () => server,
    (error: unknown) => (isOneOf(error, 'EADDRNOTAVAIL', 'EAFNOSUPPORT') ? 'not to be had' : 'in use'),
  )
}

function isOneOf(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** Linux says it; other systems begin at 49152. */
function firstHandedOut(): number {
  try {
    const first = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10)
    // Where nearly all are handed out, there is nothing to keep away from.
    return first > LOWEST + 1000 ? first : 32_000
  } catch {
    return 32_000
  }
}
