import { type Clock, install } from '@sinonjs/fake-timers'
import test from 'ava'
import type { ServerResponse } from 'node:http'
import { open } from '../../src/http/http.ts'
import { readText, serve } from '../helpers/server.ts'

const DIRECT = { proxy: undefined, certificateFiles: [] }
const GET = { method: 'GET', headers: {} }
const PATIENCE = 60

/** Moves only where a test moves it, so that no machine is too slow for these tests. */
let clock: Clock
test.before(() => (clock = install({ toFake: ['setTimeout', 'clearTimeout'] })))
test.after.always(() => clock.uninstall())

test.serial('a large answer in which nothing moves any more is given up, but not one that nobody takes', async (t) => {
  const [sent, answering] = promise<ServerResponse>()
  const url = await serve(t, (_, response) => {
    response.write('one')
    sent(response)
  })

  const { body } = await open(url, { ...GET, patience: PATIENCE }, DIRECT)
  const pieces = body[Symbol.asyncIterator]()
  const first = await pieces.next()
  passSeconds(10 * PATIENCE)
  const response = await answering
  response.write('two')
  const second = await pieces.next()
  const third = pieces.next()
  passSeconds(PATIENCE)
  const error = await t.throwsAsync(Promise.resolve(third))

  t.deepEqual([String(first.value), String(second.value)], ['one', 'two'])
  t.is(error.message, `${url.host} cannot be reached (no answer within 60 seconds)`)
})

test.serial('an upload goes on for as long as it is taken, and its length is told before', async (t) => {
  const received = { expected: 0, bytes: 0 }
  const [arrived, arrival] = promise<void>()
  const url = await serve(t, async (request, response) => {
    arrived()
    received.expected = Number(request.headers['content-length'])
    received.bytes = (await readText(request)).length
    response.end('thanks')
  })
  const body = [{ field: 'files', name: 'slow', size: 6000, open: () => slowly(arrival) }]

  const answer = await open(url, { ...GET, method: 'POST', body, patience: PATIENCE }, DIRECT)
  answer.close()

  t.deepEqual([answer.status, received.bytes], [200, received.expected])
  t.true(received.bytes > 6000)
})

/** Takes longer than anybody here is patient, but not from one piece to the next. */
async function* slowly(arrival: Promise<void>): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.alloc(1000)
  await arrival
  for (let piece = 1; piece < 6; piece++) {
    passSeconds(PATIENCE - 1)
    yield Buffer.alloc(1000)
  }
}

function passSeconds(seconds: number): void {
  clock.tick(seconds * 1000)
}

function promise<Value>(): [resolve: (value: Value) => void, promise: Promise<Value>] {
  let settle: (value: Value) => void
  const result = new Promise<Value>((resolve) => (settle = resolve))
  return [(value) => settle(value), result]
}
