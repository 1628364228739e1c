import test, { type ExecutionContext } from 'ava'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { isFailure } from '../../src/base/failure.ts'
import { open, send } from '../../src/http/http.ts'
import { freePort } from '../helpers/ports.ts'
import { serve } from '../helpers/server.ts'

const DIRECT = { proxy: undefined, certificateFiles: [] }
const GET = { method: 'GET', headers: { authorization: 'Basic secret' } }

test('a redirect is not followed: no secret leaves its host', async (t) => {
  let visits = 0
  const elsewhere = await serve(t, (_, response) => {
    visits += 1
    response.end()
  })
  const url = await serve(t, (_, response) => response.writeHead(307, { location: elsewhere.href }).end())

  const answer = await send(url, GET, DIRECT)

  t.is(answer.status, 307)
  t.is(visits, 0)
})

test('an answer without an end is given up', async (t) => {
  const url = await serve(t, (_, response) => {
    const pour = (): void => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', pour)
    }
    pour()
  })

  const error = await t.throwsAsync(send(url, GET, DIRECT))

  t.true(isFailure(error) && error.code === 'unreachable')
  t.is(error.message, `${url.host} cannot be reached (its answer is too long)`)
})

test('a connection that is cut is told in words', async (t) => {
  const url = await serve(t, (request) => request.socket.destroy())

  const error = await t.throwsAsync(send(url, GET, DIRECT))

  t.is(error.message, `${url.host} cannot be reached (the connection was cut)`)
})

test('a port where nobody listens is told in words', async (t) => {
  const port = await freePort()

  const error = await t.throwsAsync(send(new URL(`http://127.0.0.1:${port}`), GET, DIRECT))

  t.is(error.message, `127.0.0.1:${port} cannot be reached (the connection was refused)`)
})

test('https goes through the proxy of git’s configuration, which sees no secret', async (t) => {
  const seen: string[] = []
  const proxy = createServer().listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => proxy.close())
  proxy.on('connect', (request, socket) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    // As if it were the token endpoint, whose word would end a refresh token.
    socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-type: application/json\r\n\r\n{"error":"invalid_grant"}')
  })
  const { port } = proxy.address() as AddressInfo

  const error = await t.throwsAsync(
    send(new URL('https://bitbucket.org/site/oauth2/access_token'), GET, {
      proxy: new URL(`http://user:password@127.0.0.1:${port}`),
      certificateFiles: [],
    }),
  )

  t.deepEqual(seen, ['CONNECT bitbucket.org:443 undefined'])
  t.true(isFailure(error) && error.code === 'unreachable')
  t.is(error.message, 'the proxy did not connect (HTTP 502)')
})

for (const [title, answer] of [
  ['hangs up', (socket: Duplex) => socket.end()],
  ['cuts the connection', (socket: Duplex) => socket.destroy()],
] as const) {
  test(`a proxy that ${title} is a sentence`, async (t) => {
    const proxy = createTcpServer((socket) => socket.once('data', () => answer(socket))).listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    t.teardown(() => proxy.close())
    const { port } = proxy.address() as AddressInfo
    const network = { proxy: new URL(`http://user:password@127.0.0.1:${port}`), certificateFiles: [] }

    const error = await t.throwsAsync(send(new URL('https://bitbucket.org'), GET, network))

    t.true(isFailure(error) && error.code === 'unreachable')
    t.regex(error.message, new RegExp(`^bitbucket.org, through the proxy 127.0.0.1:${port}, cannot be reached`))
  })
}

/** A server that takes connections and does nothing, and tells when they are closed. */
async function startDeafServer(
  t: ExecutionContext,
  greet: (socket: Socket) => void = () => {},
): Promise<{ port: number; closed: Promise<unknown> }> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const closed = once(server, 'connection').then(async ([socket]: Socket[]) => {
    if (socket === undefined) throw new Error('no connection')
    socket.on('error', () => {}).resume()
    greet(socket)
    return new Promise<void>((resolve) => socket.on('close', () => resolve()))
  })
  return { port: (server.address() as AddressInfo).port, closed }
}

for (const [title, isProxy, greet] of [
  ['a server that hangs in the handshake', false, undefined],
  ['a proxy that does not answer CONNECT', true, undefined],
  [
    'a server that hangs in the handshake, behind a proxy',
    true,
    (socket: Socket) => void socket.write('HTTP/1.1 200 Connection Established\r\n\r\n'),
  ],
] as const) {
  test(`${title} is left alone when the time is over`, async (t) => {
    const { port, closed } = await startDeafServer(t, greet)
    const url = new URL(isProxy ? 'https://bitbucket.org' : `https://127.0.0.1:${port}`)
    const network = { proxy: isProxy ? new URL(`http://127.0.0.1:${port}`) : undefined, certificateFiles: [] }

    const error = await t.throwsAsync(open(url, { ...GET, patience: 0.2 }, network))
    await closed

    t.true(isFailure(error) && error.code === 'unreachable')
    t.regex(error.message, /cannot be reached \(no answer within 0.2 seconds\)$/)
  })
}

test('a proxy whose header has no end is given up at once', async (t) => {
  const { port, closed } = await startDeafServer(t, (socket) => {
    socket.write('HTTP/1.1 200 Connection Established\r\n')
    const more = (): void => {
      while (!socket.destroyed && socket.write(`x: ${'x'.repeat(1000)}\r\n`));
    }
    socket.on('drain', more)
    more()
  })
  const network = { proxy: new URL(`http://127.0.0.1:${port}`), certificateFiles: [] }

  const error = await t.throwsAsync(send(new URL('https://bitbucket.org'), GET, network))
  await closed

  t.regex(
    error.message,
    /^bitbucket.org, through the proxy [^ ]+, cannot be reached \(its answer is not HTTP as it should be, HPE_HEADER_OVERFLOW\)$/,
  )
})

test('certificates that cannot be read are named', async (t) => {
  const error = await t.throwsAsync(
    send(new URL('https://bitbucket.org'), GET, { ...DIRECT, certificateFiles: ['/missing.pem'] }),
  )

  t.is(error.message, 'the certificates in /missing.pem cannot be read (ENOENT)')
})

test('a large answer comes as it is taken, and is never decompressed', async (t) => {
  const packed = gzipSync('content')
  const url = await serve(t, (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed))

  const { status, body } = await open(url, GET, DIRECT)

  t.is(status, 200)
  t.deepEqual(Buffer.concat(await buffers(body)), packed)
})

test('a server that never begins to answer a large request is given up', async (t) => {
  const url = await serve(t, () => {})

  const error = await t.throwsAsync(open(url, { ...GET, patience: 0.2 }, DIRECT))

  t.true(isFailure(error) && error.code === 'unreachable')
})

async function buffers(body: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of body) pieces.push(piece)
  return pieces
}
