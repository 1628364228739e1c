import test, { type ExecutionContext } from 'ava'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Home } from '../helpers/home.ts'
import { startGet, WAITING } from '../helpers/running.ts'
import { makeLoggedInUser, parseAnswer } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const ROTATED = { grantType: 'refresh_token', status: 200 }

/** Whether the server has answered to the refresh token, and whether the new one is in its place. */
type State = 'unsent' | 'unsaved' | 'saved'

/** What a killed process left of a file that it was writing. */
type Half = 'empty' | 'trial' | 'whole'

type Step = {
  readonly title: string
  readonly call: string
  /** The how manieth of these calls; some are made on trial first. */
  readonly when: number
  /** Counts only the calls for what becomes the new login's file. */
  readonly isForLogin?: boolean
  readonly state: State
  readonly data?: Half
  readonly runtime?: Half
}

const STEPS: readonly Step[] = [
  { title: 'before its lock stands', call: 'rename', when: 1, state: 'unsent' },
  { title: 'on trial, before its file is removed', call: 'unlink', when: 2, state: 'unsent', data: 'trial' },
  { title: 'before sending', call: 'connect', when: 1, state: 'unsent' },
  { title: 'with the answer read', call: 'unlink', when: 6, state: 'unsaved' },
  { title: 'before writing the login', call: 'write', when: 2, isForLogin: true, state: 'unsaved', data: 'empty' },
  { title: 'before syncing the login', call: 'fsync', when: 3, state: 'unsaved', data: 'whole' },
  { title: 'before renaming the login', call: 'rename', when: 2, state: 'unsaved', data: 'whole' },
  { title: 'after renaming the login', call: 'fsync', when: 4, state: 'saved' },
  { title: 'between the two files', call: 'unlink', when: 7, state: 'saved' },
  { title: 'before renaming the access token', call: 'rename', when: 3, state: 'saved', runtime: 'whole' },
  { title: 'after renaming the access token', call: 'fsync', when: 6, state: 'saved' },
]

for (const { title, call, when, isForLogin, state, data, runtime } of STEPS) {
  // Between the answer and its being written, nothing helps but the server's patience.
  for (const grace of state === 'unsaved' && data !== 'whole' ? [600] : [600, 0]) {
    test.serial(`killed ${title}, with ${grace} seconds of grace: nothing is lost`, async (t) => {
      const { home, sandbox, request } = await makeLoggedInUser(t)
      const { origin, oauth } = sandbox
      oauth.storage.grace = grace
      home.expire(origin)
      const { refreshToken } = home.record(home.data, origin)
      const path = isForLogin === true ? `${home.recordPath(home.data, origin)}.$$.new` : undefined

      const killed = await startGet(t, home, request, { signal: 'KILL', call, when, path }).ended

      t.deepEqual(killed, { code: null, signal: 'SIGKILL', stdout: '', stderr: '' })
      t.deepEqual(oauth.tokenRequests, state === 'unsent' ? [] : [ROTATED])
      t.is(home.record(home.data, origin)['refreshToken'] !== refreshToken, state === 'saved')
      t.deepEqual(listHalves(home.data), data === undefined ? [] : [data])
      t.deepEqual(listHalves(home.runtime), runtime === undefined ? [] : [runtime])
      await assertWorks(t, home, sandbox, request)
      await assertTidy(t, home, sandbox, request)
    })
  }
}

test.serial('killed while the server is answering: nothing is lost', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const { origin, oauth } = sandbox
  oauth.storage.grace = 600
  oauth.settings.delay = 500
  home.expire(origin)
  const before = home.record(home.data, origin)

  const { child, ended } = startGet(t, home, request)
  await oauth.tokenRequestBegins()
  child.kill('SIGKILL')
  const killed = await ended

  t.deepEqual(killed, { code: null, signal: 'SIGKILL', stdout: '', stderr: '' })
  t.deepEqual(home.record(home.data, origin), before)
  await assertWorks(t, home, sandbox, request)
  t.deepEqual(oauth.tokenRequests, [ROTATED, ROTATED])
  await assertTidy(t, home, sandbox, request)
})

test('killed while taking over the lock of a killed one: nothing is left', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const { origin } = sandbox
  const lock = `${home.recordPath(home.data, origin)}.lock`
  home.expire(origin)
  await startGet(t, home, request, { signal: 'KILL', call: 'connect', when: 1 }).ended
  t.deepEqual(home.files(lock), ['owner'])

  const killed = await startGet(t, home, request, {
    signal: 'KILL',
    call: 'rmdir',
    when: 1,
    path: `${lock}.takeover`,
  }).ended

  t.is(killed.signal, 'SIGKILL')
  t.true(existsSync(`${lock}.takeover`))
  await assertWorks(t, home, sandbox, request)
  // As long ago as nobody takes.
  const past = Date.now() / 1000 - 60
  if (existsSync(`${lock}.takeover`)) utimesSync(`${lock}.takeover`, past, past)
  await assertTidy(t, home, sandbox, request)
})

const PARTS = 6
const KILLS = 30
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const FATES = [
  'ended before the kill',
  'killed before the server had its request',
  'killed between its request and the save',
  'killed after the save',
] as const
type Fate = (typeof FATES)[number]
const fates: Fate[] = []

for (let part = 1; part <= PARTS; part++) {
  // A distant server keeps a process waiting for most of its life.
  const delay = part % 2 === 0 ? 150 : 0
  test(`killed at ${KILLS} random moments, ${delay} ms from the server: nothing is lost (${part})`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    t.timeout(1_200_000)
    const { origin, oauth } = sandbox
    oauth.storage.grace = 600
    oauth.settings.delay = delay
    let lifetime = await measureLifetime(home, origin, request)

    const troubles: unknown[] = []
    for (let round = 1; round <= KILLS; round++) {
      home.expire(origin)
      oauth.tokenRequests.length = 0
      const { refreshToken } = home.record(home.data, origin)
      const { child, ended } = startGet(t, home, request)
      await Promise.race([ended, sleep(random(part, round) * 1.3 * lifetime)])
      child.kill('SIGKILL')
      const { code, signal } = await ended
      const isSaved = home.record(home.data, origin)['refreshToken'] !== refreshToken

      const started = performance.now()
      const { code: nextCode, stdout, stderr } = await home.helper('get', request)

      // The machine is busier at one time than at another.
      if (!isSaved && stderr === '') lifetime += (performance.now() - started - lifetime) / 5
      const isSent = isSaved || oauth.tokenRequests.length === 2
      const fate = FATES[signal === null ? 0 : isSaved ? 3 : isSent ? 2 : 1]
      fates.push(fate)
      const isGood = (await oauth.scopesOf(parseAnswer(stdout)['password'] ?? '')) !== undefined
      if (nextCode !== 0 || stderr.replace(WAITING, '') !== '' || !isGood)
        troubles.push({ round, fate, code: nextCode, stderr, isGood })
      t.true(signal === 'SIGKILL' || code === 0)
      t.true(oauth.tokenRequests.every(({ status }) => status === 200))
    }
    t.log(`seed ${SEED}; an undisturbed refresh took ${Math.round(lifetime)} ms of late`)
    t.deepEqual(troubles, [])
    await assertTidy(t, home, sandbox, request)
  })
}

test.after.always('every kill has its fate', (t) => {
  for (const fate of FATES) t.log(`${fates.filter((one) => one === fate).length} ${fate}`)
  t.is(fates.length, PARTS * KILLS)
})

/** How long an undisturbed refresh takes here and now. Milliseconds. */
async function measureLifetime(home: Home, origin: string, request: string): Promise<number> {
  const rounds = 2
  let sum = 0
  for (let round = 1; round <= rounds; round++) {
    home.expire(origin)
    const started = performance.now()
    await home.helper('get', request)
    sum += performance.now() - started
  }
  return sum / rounds
}

/** A number from 0 to 1, the same for the same seed. */
function random(part: number, round: number): number {
  return createHash('sha256').update(`${SEED} ${part} ${round}`).digest().readUInt32BE() / 2 ** 32
}

/** The next one gets a good token, in silence and without a browser. */
async function assertWorks(t: ExecutionContext, home: Home, { oauth }: Sandbox, request: string): Promise<void> {
  const { code, stdout, stderr } = await home.helper('get', request)
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.truthy(await oauth.scopesOf(parseAnswer(stdout)['password'] ?? ''))
  t.deepEqual(home.openedUrls(), [])
}

/** After one more refresh, nothing is left of what was killed. */
async function assertTidy(t: ExecutionContext, home: Home, sandbox: Sandbox, request: string): Promise<void> {
  home.expire(sandbox.origin)
  await assertWorks(t, home, sandbox, request)
  const record = `${encodeURIComponent(sandbox.origin)}.json`
  for (const directory of [home.data, home.runtime]) t.deepEqual(home.files(directory), [record])
}

function listHalves(directory: string): Half[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.new'))
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .map((text) => (text === '' ? 'empty' : text.trim() === '' ? 'trial' : 'whole'))
}
