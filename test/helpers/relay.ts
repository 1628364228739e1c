import type { ExecutionContext } from 'ava'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Home, quote } from './home.ts'

const RELAY = fileURLToPath(new URL('relay.cjs', import.meta.url))

/**
 * Lets a server be reached, at its own port, in a network of one's own.
 *
 * @returns the lines of a shell's script that do so, for `unshare --net`
 */
export async function relayInto(t: ExecutionContext, home: Home, origin: string): Promise<string> {
  const port = Number(new URL(origin).port)
  const socket = join(home.path, 'tmp/bitbucket')
  mkdirSync(join(home.path, 'tmp'))
  const server = createServer((incoming) => {
    const outgoing = connect(port, '127.0.0.1')
    incoming.pipe(outgoing).pipe(incoming)
    for (const stream of [incoming, outgoing]) stream.on('error', () => stream.destroy())
  }).listen(socket)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return `ip link set lo up
${quote(process.execPath)} ${quote(RELAY)} ${port} ${quote(socket)} &
until [ -e ${quote(`${socket}.ready`)} ]; do sleep 0.1; done`
}
