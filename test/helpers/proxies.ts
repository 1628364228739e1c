import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import { makeIdentity } from '../sandbox/sandbox.ts'
import { freePort } from './ports.ts'

type Teardown = { teardown: (work: () => void | Promise<void>) => void }

/** What a proxy asks everybody for, where it asks. */
export const PROXY_USER = { name: 'sandbox', password: 'to the net' }

/** tinyproxy, an http proxy as companies have them. */
export async function startHttpProxy(t: Teardown, directory: string, asksForPassword: boolean): Promise<number> {
  const port = await freePort()
  const { name, password } = PROXY_USER
  const file = join(directory, `tinyproxy-${port}.conf`)
  const auth = asksForPassword ? `BasicAuth ${name} ${password.replaceAll(' ', '_')}\n` : ''
  writeFileSync(file, `Port ${port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 100\n${auth}`)
  await start(t, 'tinyproxy', ['-d', '-c', file], port)
  return port
}

/** microsocks, a SOCKS 5 proxy. */
export async function startSocksProxy(t: Teardown, asksForPassword: boolean): Promise<number> {
  const port = await freePort()
  const { name, password } = PROXY_USER
  const auth = asksForPassword ? ['-u', name, '-P', password] : []
  await start(t, 'microsocks', ['-i', '127.0.0.1', '-p', String(port), ...auth], port)
  return port
}

/** TLS before an http proxy. Its certificate, for `localhost`, goes into a file. */
export async function startTlsProxy(
  t: Teardown,
  directory: string,
  httpPort: number,
): Promise<{ readonly port: number; readonly certificateFile: string }> {
  const { key, cert } = await makeIdentity(['localhost'])
  const certificateFile = join(directory, 'proxy.pem')
  writeFileSync(certificateFile, cert)
  const server = createTlsServer({ key, cert }, (incoming) => {
    const outgoing = connect(httpPort, '127.0.0.1')
    incoming.pipe(outgoing).pipe(incoming)
    for (const stream of [incoming, outgoing]) {
      stream.on('error', () => {})
      // Git waits for the other side to close as well.
      for (const event of ['end', 'close']) {
        stream.on(event, () => {
          incoming.destroy()
          outgoing.destroy()
        })
      }
    }
  }).listen(await freePort(), '127.0.0.1')
  server.on('tlsClientError', () => {})
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, certificateFile }
}

async function start(t: Teardown, program: string, args: readonly string[], port: number): Promise<void> {
  if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) {
    throw new Error(`${program} is missing: on Debian, apt-get install tinyproxy-bin microsocks`)
  }
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore' })
  t.teardown(() => void child.kill())
  for (let look = 0; look < 1200; look++) {
    if (child.exitCode !== null) break
    if (await answers(port)) return
    await sleep(25)
  }
  throw new Error(`${program} does not listen on port ${port}`)
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
