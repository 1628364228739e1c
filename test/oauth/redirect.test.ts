import test from 'ava'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Failure, isFailure } from '../../src/base/failure.ts'
import { successPage } from '../../src/oauth/page.ts'
import { findPortHolder } from '../../src/oauth/portHolder.ts'
import { listenForRedirect, type RedirectListener } from '../../src/oauth/redirect.ts'
import { makeDirectory } from '../helpers/directory.ts'
import { freePort } from '../helpers/ports.ts'

const STATE = 'the-right-state'

async function makeListener(
  t: { teardown: (work: () => void) => void },
  path = '',
): Promise<{ listener: RedirectListener; port: number }> {
  const port = await freePort()
  const listener = await listenForRedirect(`http://localhost:${port}${path}`, {})
  t.teardown(listener.close)
  return { listener, port }
}

for (const host of ['127.0.0.1', '[::1]']) {
  test(`a redirect to localhost is received on ${host}`, async (t) => {
    const { listener, port } = await makeListener(t)

    const receiving = listener.receive([STATE], 10)
    const fetching = fetch(`http://${host}:${port}/?code=abc&state=${STATE}`)
    const redirect = await receiving
    await redirect.show(successPage('bitbucket.org'))

    t.is(redirect.parameters.get('code'), 'abc')
    t.regex(await (await fetching).text(), /Logged in to bitbucket.org/)
  })
}

test('the page waits until the story tells it what to say', async (t) => {
  const { listener, port } = await makeListener(t)
  const receiving = listener.receive([STATE], 10)
  let isAnswered = false
  const fetching = fetch(`http://127.0.0.1:${port}/?code=abc&state=${STATE}`).then(async (response) => {
    isAnswered = true
    return response.status
  })

  const redirect = await receiving
  // A round trip of another request: the first one had all the time it needs.
  await fetch(`http://127.0.0.1:${port}/favicon.ico`)

  t.false(isAnswered)
  await redirect.show(successPage('bitbucket.org'))
  t.is(await fetching, 200)
})

test('strangers are turned away, and the listener goes on listening', async (t) => {
  const { listener, port } = await makeListener(t, '/callback')
  const receiving = listener.receive([STATE], 10)
  const base = `http://127.0.0.1:${port}`
  const right = `${base}/callback?code=abc&state=${STATE}`

  const statuses = []
  for (const [url, method] of [
    [`${base}/favicon.ico`, 'GET'],
    [`${base}/`, 'GET'],
    [`${base}/callback`, 'GET'],
    [`${base}/callback/?code=abc&state=${STATE}`, 'GET'],
    [right, 'POST'],
    [right, 'HEAD'],
    [right, 'OPTIONS'],
    [`${base}/callback?code=evil`, 'GET'],
    [`${base}/callback?code=evil&state=`, 'GET'],
    [`${base}/callback?code=evil&state=the-wrong-state`, 'GET'],
    [`${base}/callback?code=evil&state=${STATE}x`, 'GET'],
    [`${base}/callback?error=access_denied&state=wrong`, 'GET'],
  ] as const) {
    statuses.push((await fetch(url, { method })).status)
  }
  const fetching = fetch(right)
  const redirect = await receiving
  await redirect.show(successPage('bitbucket.org'))

  t.deepEqual(statuses, [404, 404, 404, 404, 404, 404, 404, 400, 400, 400, 400, 400])
  t.is(redirect.parameters.get('code'), 'abc')
  t.is((await fetching).status, 200)
})

test('a code is accepted once', async (t) => {
  const { listener, port } = await makeListener(t)
  const url = `http://127.0.0.1:${port}/?code=abc&state=${STATE}`
  const receiving = listener.receive([STATE], 10)
  const first = fetch(url)
  const redirect = await receiving

  const second = await fetch(url)

  t.is(second.status, 400)
  await redirect.show(successPage('bitbucket.org'))
  t.is((await first).status, 200)
})

test('nothing is accepted before a login waits for it', async (t) => {
  const { port } = await makeListener(t)

  t.is((await fetch(`http://127.0.0.1:${port}/?code=abc&state=`)).status, 400)
})

test('a browser that has gone away is no failure', async (t) => {
  const { listener, port } = await makeListener(t)
  const receiving = listener.receive([STATE], 10)
  const leaving = new AbortController()
  const fetching = fetch(`http://127.0.0.1:${port}/?code=abc&state=${STATE}`, { signal: leaving.signal })
  const redirect = await receiving
  leaving.abort()
  await t.throwsAsync(fetching, { any: true })

  await t.notThrowsAsync(redirect.show(successPage('bitbucket.org')))
})

test('a port that is taken is named', async (t) => {
  const port = await freePort()
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())

  const error = await t.throwsAsync(listenForRedirect(`http://localhost:${port}`, {}))

  t.regex(error.message, new RegExp(`^port ${port} on this machine is in use`))
})

for (const [address, uid, whose] of [
  ['127.0.0.1', undefined, ''],
  ['0.0.0.0', undefined, ''],
  ['::1', undefined, ''],
  ['::', undefined, ''],
  ['::1', 1001, ' of another user (uid 1001)'],
] as const) {
  test(`the program that has the port at ${address} is named${whose}`, async (t) => {
    // What freePort gives is taken on one address, so that no program gets it on all of them.
    const wanted = /^(0\.0\.0\.0|::)$/.test(address) ? 0 : await freePort()
    const script = `require('node:net').createServer().listen(${wanted}, '${address}', function () { console.log(this.address().port) })`
    const child = spawn(process.execPath, ['-e', script], {
      uid,
      gid: uid,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.teardown(() => child.kill())
    const port = Number(String(await once(child.stdout, 'data')))

    const error = await t.throwsAsync<Failure>(listenForRedirect(`http://localhost:${port}`, {}))

    t.is(
      error.message,
      `port ${port} on this machine is in use by node (process ${child.pid})${whose}, so the browser could not come back from the login`,
    )
    t.regex(error.hints[0] ?? '', /, or end the program that listens there$/)
  })
}

test('where another user’s process has the port, the user is named', async (t) => {
  const [directory, port] = [makeDirectory(t), await freePort()]
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    `   0: 0100007F:${hex} 0100007F:1234 01 00000000:00000000 00:00000000 00000000  1000        0 2000000001 1`,
    `   1: 0100007F:${hex} 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1001        0 2000000002 1`,
  ]
  writeFileSync(join(directory, 'tcp'), table.join('\n'))

  t.is(findPortHolder('127.0.0.1', port, [join(directory, 'tcp')]), "another user's process (uid 1001)")
  t.is(findPortHolder('127.0.0.1', port + 1, [join(directory, 'tcp')]), undefined)
  t.is(findPortHolder('127.0.0.1', port, [join(directory, 'missing')]), undefined)
})

test('a port that is taken on one of the two addresses leaves the other one free', async (t) => {
  const port = await freePort()
  const server = createServer().listen(port, '::1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  await t.throwsAsync(listenForRedirect(`http://localhost:${port}`, {}))

  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')

  t.pass()
  other.close()
})

test('a loopback address without a port gets a free one', async (t) => {
  const listener = await listenForRedirect('http://127.0.0.1/callback', {})
  t.teardown(listener.close)

  t.regex(listener.redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
  t.is((await fetch(listener.redirectUri)).status, 404)
})

test('an explicit port 80 is not a free port', async (t) => {
  const listener = await listenForRedirect('http://127.0.0.1:80/callback', {}).catch((error: unknown) => error)

  if (isFailure(listener)) t.regex(listener.message, /port 80/)
  else {
    const { redirectUri, close } = listener as RedirectListener
    close()
    t.is(redirectUri, 'http://127.0.0.1:80/callback')
  }
})

test('the wait has an end, with a hint at the page that Bitbucket shows', async (t) => {
  const { listener, port } = await makeListener(t)

  const error = await t.throwsAsync(listener.receive([STATE], 0.05))

  t.regex(error.message, /^the browser did not come back from the login within 0.05 seconds$/)
  t.true(isFailure(error) && error.hints.some((hint) => hint.includes('"Invalid redirect_uri"')))
  t.true(isFailure(error) && error.hints.some((hint) => hint.includes(`http://localhost:${port}`)))
})

const TARGET = new URL('https://bitbucket.org/site/oauth2/authorize?state=the-right-state')

/** What a browser keeps of an answer: the cookie alone, as it sends it back. */
function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

test('the start address leads one browser on, and its redirect has to bring the cookie', async (t) => {
  const { listener, port } = await makeListener(t)
  const start = listener.offerStart(TARGET, STATE)
  const receiving = listener.receive([STATE], 10)
  const redirectUri = `http://localhost:${port}/?code=abc&state=${STATE}`

  const first = await fetch(start, { redirect: 'manual' })
  const without = await fetch(redirectUri)
  const wrong = await fetch(redirectUri, { headers: { cookie: `${cookieOf(first)}x` } })
  const fetching = fetch(redirectUri, { headers: { cookie: `other=1; ${cookieOf(first)}` } })
  const redirect = await receiving
  await redirect.show(successPage('bitbucket.org'))

  t.is(start.origin, `http://localhost:${port}`)
  t.false(start.href.includes(STATE))
  t.is(first.status, 303)
  t.is(first.headers.get('location'), TARGET.href)
  t.regex(first.headers.getSetCookie()[0] ?? '', /; HttpOnly; SameSite=Lax$/)
  t.deepEqual([without.status, wrong.status], [400, 400])
  t.is((await fetching).status, 200)
})

test('a start address that is opened twice ends the login', async (t) => {
  const { listener } = await makeListener(t)
  const start = listener.offerStart(TARGET, STATE)
  const receiving = listener.receive([STATE], 10)
  await fetch(start, { redirect: 'manual' })

  const [error, second] = await Promise.all([t.throwsAsync(receiving), fetch(start, { redirect: 'manual' })])

  t.is(second.status, 400)
  t.is(second.headers.get('location'), null)
  t.true(isFailure(error) && error.code === 'start_taken')
})

test('the address with the code does not stay in the browser, and the page is shown once', async (t) => {
  const { listener, port } = await makeListener(t)
  const receiving = listener.receive([STATE], 10)
  const fetching = fetch(`http://127.0.0.1:${port}/?code=abc&state=${STATE}`)
  const redirect = await receiving

  await redirect.show(successPage('bitbucket.org'))

  const { url, status } = await fetching
  t.is(status, 200)
  t.is(new URL(url).search, '')
  t.is((await fetch(url)).status, 404)
})

test('connections without a request do not keep the redirect out', async (t) => {
  const { listener, port } = await makeListener(t)
  const sockets = Array.from({ length: 80 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  t.teardown(() => sockets.forEach((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const receiving = listener.receive([STATE], 10)

  const fetching = fetch(`http://127.0.0.1:${port}/?code=abc&state=${STATE}`)
  const redirect = await receiving
  await redirect.show(successPage('bitbucket.org'))

  t.is((await fetching).status, 200)
})

test('a connection of another user of the machine is dropped before it is read', async (t) => {
  const { listener, port } = await makeListener(t)
  const receiving = listener.receive([STATE], 10)
  const url = `http://127.0.0.1:${port}/?code=evil&state=${STATE}`
  // Node's fetch may end without a word where a connection is cut at once.
  const script = `const socket = require('node:net').connect(${port}, '127.0.0.1')
socket.write('GET ${new URL(url).pathname}${new URL(url).search} HTTP/1.1\\r\\nHost: 127.0.0.1:${port}\\r\\n\\r\\n')
socket.on('data', (text) => console.log('answered', String(text))).on('error', () => {}).on('close', () => console.log('closed'))`
  const stranger = spawn(process.execPath, ['-e', script], {
    uid: 1001,
    gid: 1001,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  })

  const output = await text(stranger.stdout)
  const fetching = fetch(url.replace('evil', 'good'))
  const redirect = await receiving
  await redirect.show(successPage('bitbucket.org'))

  t.is(output, 'closed\n')
  t.is(redirect.parameters.get('code'), 'good')
  t.is((await fetching).status, 200)
})
