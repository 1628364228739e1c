import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Here a port is held as long as this process lives, so that no other test's process chooses it. */
const RESERVATIONS = '127.0.0.2'

/** One that was given away may be free only because it is not used yet. */
const given = new Set<number>()

/**
 * A port of the loopback interface that nobody listens on, and that no other test is given. Chosen by chance below those
 * that the system hands out by itself: one of these could be somebody else's by the time it is used.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000)
    if (given.has(port)) continue
    given.add(port)
    // Where this machine has no such address, chance alone keeps two tests apart.
    const held = await listen(port, RESERVATIONS)
    if (held === 'in use') continue
    const server = await listen(port, '127.0.0.1')
    if (typeof server === 'string') continue
    server.close()
    await once(server, 'close')
    return port
  }
}

async function listen(port: number, address: string): Promise<Server | 'in use' | 'not to be had'> {
  const server = createServer().unref()
  server.listen(port, address)
  return once(server, 'listening').then(
    () => server,
    (error: unknown) =>
      error instanceof Error && 'code' in error && error.code === 'EADDRNOTAVAIL' ? 'not to be had' : 'in use',
  )
}
