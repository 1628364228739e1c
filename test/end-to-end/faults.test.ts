import test, { type ExecutionContext } from 'ava'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, Faulty, isAskedFor, startBlackHole } from '../helpers/faultyServer.ts'
import { Home } from '../helpers/home.ts'
import { runLeaping, type Waited } from '../helpers/leap.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { freePort } from '../helpers/ports.ts'
import { requestFor } from '../helpers/user.ts'
import { type Identity, makeIdentity, Sandbox } from '../sandbox/sandbox.ts'

const PROGRAM = 'git-credential-bitbucket-oauth'

/** So many programs at once: more would only keep each other from the processor. */
const SLOTS = 6

type World = {
  readonly sandbox: Sandbox
  readonly identity: Identity
  /** An https server that passes everything on to the sandbox. */
  readonly healthy: Faulty
  readonly blackHole: number
}

/** A user's way to a server, and where it ends. */
type Way = {
  readonly url: string
  readonly proxy?: string
  /** Whether the program waits there. */
  readonly isWaiting?: () => boolean
}

type Row = {
  /** What is told: a reason why the server cannot be reached, or a whole sentence. */
  readonly says: string
  /** What limits the wait: that for reaching a server, or that for an answer. */
  readonly waits?: 'to reach' | 'for an answer'
  readonly lay: (t: ExecutionContext, world: World) => Promise<Way> | Way
}

type Action = {
  readonly command: (url: string) => readonly string[]
  /** How long it waits for an answer. Seconds. */
  readonly patience: number
  /** How many requests it tries. */
  readonly requests?: number
  readonly code?: number
  /** Whether it begins with an access token that has ended. */
  readonly isStale?: boolean
  readonly rows?: readonly string[]
}

/** For reaching a server. Seconds. */
const REACH = 15

const CUT = 'the connection was cut'
const NO_CONNECTION = 'no connection within 15 seconds'
const NO_TLS = 'a connection, but no TLS handshake within 15 seconds'
const NO_TUNNEL = 'no answer of the proxy within 15 seconds'
const NOT_HTTP = 'its answer is not HTTP as it should be, HPE_HEADER_OVERFLOW'

const ROWS: Readonly<Record<string, Row>> = {
  'server: no route': { says: 'there is no network', lay: () => ({ url: 'https://255.255.255.255' }) },
  'server: refused': {
    says: 'the connection was refused',
    lay: async () => ({ url: `https://localhost:${await freePort()}` }),
  },
  'server: SYN dropped': {
    says: NO_CONNECTION,
    waits: 'to reach',
    lay: (_, { blackHole }) => dropped(blackHole, (place) => ({ url: `https://${place}` })),
  },
  'server: hangs after accept': { says: NO_TLS, waits: 'to reach', lay: serverFault('accept', 'hang') },
  'server: reset after accept': { says: CUT, lay: serverFault('accept', 'reset') },
  'server: no TLS': { says: 'TLS failed', lay: serverFault('plain', 'end') },
  'server: hangs in TLS': { says: NO_TLS, waits: 'to reach', lay: serverFault('hello', 'hang') },
  'server: reset in TLS': { says: CUT, lay: serverFault('hello', 'reset') },
  'server: hangs after the request': late(serverFault('request', 'hang')),
  'server: reset after the request': { says: CUT, lay: serverFault('request', 'reset') },
  'server: end after the request': { says: CUT, lay: serverFault('request', 'end') },
  'server: hangs after the headers': late(serverFault('headers', 'hang')),
  'server: reset after the headers': { says: CUT, lay: serverFault('headers', 'reset') },
  'server: hangs in the body': late(serverFault('body', 'hang')),
  'server: reset in the body': { says: CUT, lay: serverFault('body', 'reset') },
  'server: end in the body': { says: CUT, lay: serverFault('body', 'end') },
  'server: endless header': { says: NOT_HTTP, lay: serverFault('head', 'flood') },
  'server: endless body': { says: 'its answer is too long', lay: serverFault('body', 'flood') },
  'proxy: no route': {
    says: 'there is no network',
    lay: (_, { healthy }) => ({ url: urlOf(healthy), proxy: 'http://255.255.255.255:3128' }),
  },
  'proxy: refused': {
    says: 'the connection was refused',
    lay: async (_, { healthy }) => ({ url: urlOf(healthy), proxy: `http://localhost:${await freePort()}` }),
  },
  'proxy: SYN dropped': {
    says: NO_CONNECTION,
    waits: 'to reach',
    lay: (_, { healthy, blackHole }) =>
      dropped(blackHole, (place) => ({ url: urlOf(healthy), proxy: `http://${place}` })),
  },
  'proxy: hangs after accept': { says: NO_TUNNEL, waits: 'to reach', lay: proxyFault('accept', 'hang') },
  'proxy: reset after accept': { says: CUT, lay: proxyFault('accept', 'reset') },
  'proxy: CONNECT hangs': { says: NO_TUNNEL, waits: 'to reach', lay: proxyFault('CONNECT', 'hang') },
  'proxy: CONNECT reset': { says: CUT, lay: proxyFault('CONNECT', 'reset') },
  'proxy: CONNECT 407': { says: 'the proxy did not connect (HTTP 407)', lay: proxyFault(407, 'end') },
  'proxy: CONNECT 503': { says: 'the proxy did not connect (HTTP 503)', lay: proxyFault(503, 'end') },
  'proxy: endless header': { says: NOT_HTTP, lay: proxyFault('head', 'flood') },
  'proxy: hangs in TLS': { says: NO_TLS, waits: 'to reach', lay: proxyFault('CONNECT answer', 'hang') },
  'proxy: reset in TLS': { says: CUT, lay: proxyFault('CONNECT answer', 'reset') },
}

/** The actions share two ways to ask, of which `get` and `api` have all rows. */
const SOME = [
  'server: SYN dropped',
  'server: hangs in the body',
  'server: reset after the request',
  'proxy: CONNECT 407',
]

const ACTIONS: Readonly<Record<string, Action>> = {
  get: { command: () => ['git', 'credential', 'fill'], patience: 30, code: 128, isStale: true },
  login: { command: (url) => [PROGRAM, 'login', url], patience: 30, isStale: true, rows: SOME },
  refresh: { command: (url) => [PROGRAM, 'refresh', url], patience: 30, isStale: true, rows: SOME },
  token: { command: (url) => [PROGRAM, 'token', url], patience: 30, isStale: true, rows: SOME },
  api: {
    command: (url) => [PROGRAM, 'api', '/2.0/user', '--host', url],
    patience: 120,
    // As long as something comes, it is written.
    rows: Object.keys(ROWS).filter((row) => row !== 'server: endless body'),
  },
  archive: { command: (url) => [PROGRAM, 'archive', `${url}/acme/widgets`], patience: 120, rows: SOME },
  doctor: { command: (url) => [PROGRAM, 'doctor', `${url}/acme/widgets`], patience: 30, requests: 2, rows: SOME },
}

/** Each place has an address of its own, by which it is known who waits there. */
let places = 1

function dropped(port: number, makeWay: (place: string) => Way): Way {
  const host = (places += 1)
  return { ...makeWay(`127.0.0.${host}:${port}`), isWaiting: () => isAskedFor(host, port) }
}

function serverFault(stage: Fault['stage'], ending: Fault['ending']): Row['lay'] {
  return async (t, { identity, sandbox }) => {
    const faulty = await Faulty.server(t, { stage, ending }, identity, sandbox.origin)
    return { url: urlOf(faulty), isWaiting: () => faulty.isWaitedFor() }
  }
}

function proxyFault(stage: Fault['stage'], ending: Fault['ending']): Row['lay'] {
  return async (t, { healthy }) => {
    const faulty = await Faulty.proxy(t, { stage, ending })
    const address = `http://127.0.0.1:${faulty.port}`
    return { url: urlOf(healthy), proxy: address, isWaiting: () => faulty.isWaitedFor() }
  }
}

function late(lay: Row['lay']): Row {
  return { says: 'no answer within … seconds', waits: 'for an answer', lay }
}

function urlOf({ port }: Faulty): string {
  return `https://localhost:${port}`
}

test('whatever goes wrong on the way to a server, it is told in time, and no login is lost', async (t) => {
  t.timeout(600_000)
  const sandbox = await Sandbox.start('http://127.0.0.1/callback')
  t.teardown(() => sandbox.stop())
  const identity = await makeIdentity(['localhost'])
  const healthy = await Faulty.server(t, undefined, identity, sandbox.origin)
  const world = { sandbox, identity, healthy, blackHole: await startBlackHole(t) }
  const cells = Object.entries(ACTIONS).flatMap(([name, { rows = Object.keys(ROWS) }]) =>
    rows.map((row) => ({ name, row })),
  )
  const table: string[] = []
  const queue = [...cells]
  const failed: string[] = []

  const work = async (): Promise<void> => {
    for (let cell = queue.shift(); cell !== undefined; cell = queue.shift()) {
      try {
        table.push(await tryCell(t, world, cell.name, cell.row))
      } catch (error) {
        failed.push(`${cell.name}, ${cell.row}: ${error instanceof Error ? error.stack : String(error)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: SLOTS }, work))

  t.log(table.toSorted().join('\n'))
  t.deepEqual(failed, [])
  t.is(table.length, cells.length)
})

/** @returns the cell as a line */
async function tryCell(t: ExecutionContext, world: World, name: string, row: string): Promise<string> {
  const { [name]: action } = ACTIONS
  const { [row]: fault } = ROWS
  if (action === undefined || fault === undefined) throw new Error(`there is no ${name} ${row}`)
  const way = await fault.lay(t, world)
  const home = await makeHome(t, world, way)
  if (action.isStale) home.expire(way.url)
  const before = [home.record(home.data, way.url), home.record(home.runtime, way.url)]
  const back = name === 'login' ? comeBack(home) : ''

  const outcome = await runAction(t, home, way, action)

  const cell = `${name}, ${row}`
  const { stdout, stderr, code, seconds } = outcome
  const lines = `${stdout}${stderr}`.split('\n')
  const sentence = sentenceFor(fault, way, action)
  const told = lines.findIndex((line) => line.endsWith(sentence))
  t.true(told >= 0, `${cell}: ${stdout}${stderr}`)
  t.regex(lines[told + 1] ?? '', /^(hint:|       ->) ./, `${cell}: what to do`)
  t.is(code, action.code ?? 1, cell)
  const limit = fault.waits === undefined ? 0 : (action.requests ?? 1) * limitOf(fault, action)
  t.true(seconds <= 3 * limit, `${cell}: ${seconds} seconds`)
  t.deepEqual([home.record(home.data, way.url), home.record(home.runtime, way.url)], before, cell)
  if (name === 'login') t.true((await back).includes(sentence.slice(1)), `${cell}: ${await back}`)
  else t.deepEqual(home.openedUrls(), [], cell)
  if (action.rows === SOME || fault.waits !== undefined) await assertRecovers(t, home, way, world)
  return `${name.padEnd(8)}${row.padEnd(33)}${code} ${String(seconds).padStart(4)} s  ${sentence}`
}

function limitOf({ waits }: Row, { patience }: Action): number {
  return waits === 'to reach' ? REACH : patience
}

function sentenceFor({ says }: Row, { url, proxy: through }: Way, { patience }: Action): string {
  if (says.startsWith('the proxy ')) return says
  const where = through === undefined ? '' : `, through the proxy ${new URL(through).host},`
  return `${new URL(url).host}${where} cannot be reached (${says.replace('…', String(patience))})`
}

async function makeHome(
  t: ExecutionContext,
  { sandbox, identity }: World,
  { url, proxy: through }: Way,
): Promise<Home> {
  const home = new Home()
  t.teardown(() => home.remove())
  home.useAbsentUser()
  const certificate = join(home.path, 'ca.pem')
  writeFileSync(certificate, identity.cert)
  home.configureFor(sandbox, url)
  home.configure({
    [`credential.${url}.oauthTokenURL`]: `${url}/site/oauth2/access_token`,
    [`credential.${url}.oauthApiURL`]: url,
    'http.sslCAInfo': certificate,
    ...(through === undefined ? {} : { 'http.proxy': through }),
  })
  await plantLogin(home, sandbox, { url })
  return home
}

function runAction(t: ExecutionContext, home: Home, way: Way, { command }: Action): Promise<Waited> {
  const { url, isWaiting = () => false } = way
  return runLeaping(t, home, command(url), { input: `${requestFor(url)}\n`, isWaiting })
}

/** The login is as good as before: it needs neither a browser nor a word. */
async function assertRecovers(t: ExecutionContext, home: Home, { url }: Way, { healthy }: World): Promise<void> {
  const opened = home.openedUrls()
  home.expire(url)
  const tokenUrl = `${urlOf(healthy)}/site/oauth2/access_token`
  home.configure({ 'http.proxy': '', [`credential.${url}.oauthTokenURL`]: tokenUrl })
  const { code, stdout, stderr } = await home.helper('get', requestFor(url))
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.true(stdout.includes('\npassword='))
  t.deepEqual(home.openedUrls(), opened)
}

/** Comes back from the browser with a code, which is not looked at: the exchange fails before. */
async function comeBack(home: Home): Promise<string> {
  const opened = (): string => home.openedUrls()[0] ?? ''
  for (let look = 0; look < 6000 && opened() === ''; look++) await sleep(20)
  const begun = await browse(new URL(opened()))
  const asked = new URL(begun.headers.location ?? '').searchParams
  const back = new URL(asked.get('redirect_uri') ?? '')
  back.search = new URLSearchParams({ code: 'a code', state: asked.get('state') ?? '' }).toString()
  const [cookie = ''] = (begun.headers['set-cookie']?.[0] ?? '').split(';')
  return (await browse(back, { cookie })).text
}

/** Not by fetch, which gives a busy machine ten seconds to take a connection. It goes where it is led, but to no other origin. */
async function browse(
  url: URL,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ headers: IncomingMessage['headers']; text: string }> {
  const request = get(url, { headers, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const next = new URL(response.headers.location ?? '', url)
  if (next.origin === url.origin && next.href !== url.href) return browse(next, headers)
  return { headers: response.headers, text: await readText(response) }
}
