/**
 * How long git waits for a cached token: whole processes of all forms of this program and of the other helpers that are installed, as
 * ratios within one round. The programs take turns, and medians and quartiles of the rounds are told: the machine's own speed drifts by
 * more than what is measured here. Writes docs/benchmarks.md.
 *
 * The native front is measured where `npm run test:front` has built it.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { frontCommand } from '../src/cli/front.ts'
import { countInstructions } from '../test/helpers/instructions.ts'
import { plantToken } from './plantToken.ts'

const ROUNDS = 100

/** Of rounds with 50 processes each. */
const CROWD_ROUNDS = 5
const CROWD = 50

/** What a cached `get` may cost at most: of the npm form, of an empty Node; of the front, of git-credential-store. */
const LIMITS = { npm: 1.1, front: 1.1 }

const NAME = 'git-credential-bitbucket-oauth'
const URL_LINES = 'protocol=https\nhost=bitbucket.org\n'
const CAPABILITIES = 'capability[]=authtype\ncapability[]=state\n'

type Program = {
  readonly name: string
  readonly command: readonly string[]
  readonly input: string
  readonly env?: NodeJS.ProcessEnv
}

const home = mkdtempSync(join(tmpdir(), 'bench-'))
const runtime = join(home, 'runtime')
const entry = fileURLToPath(new URL('../dist/bin.cjs', import.meta.url))
const front = fileURLToPath(new URL(`../.front/static/node_modules/@${NAME}/linux-x64/front`, import.meta.url))
const hasFront = existsSync(front)
const env = { HOME: home, PATH: `${join(home, 'bin')}:${process.env['PATH']}`, XDG_RUNTIME_DIR: runtime }
try {
  process.exitCode = await bench()
} finally {
  rmSync(home, { recursive: true, force: true })
}

async function bench(): Promise<number> {
  plant(2600, 1)
  mkdirSync(join(home, 'bin'))
  symlinkSync(entry, join(home, 'bin', NAME))
  writeFileSync(join(home, 'empty.cjs'), '')
  const [empty, store] = [node('an empty CommonJS file', join(home, 'empty.cjs')), gitStore()]
  const helpers = [
    empty,
    node('npm form: get', entry, 'get'),
    { ...node('npm form: get, without XDG_RUNTIME_DIR', entry, 'get'), env: { ...env, XDG_RUNTIME_DIR: undefined } },
    { ...node('npm form: store', entry, 'store'), input: answered(CAPABILITIES) },
    { ...node('npm form: store, git before 2.46', entry, 'store'), input: answered('') },
    ...(hasFront ? [frontOf('get'), { ...frontOf('store'), input: answered(CAPABILITIES) }] : []),
    store,
    ...rivals(),
  ]
  const times = race(helpers)
  const counts = helpers.map((helper) => countOf(helper))
  const rows = helpers.map((helper, index) => [
    helper.name,
    ...quartiles(times, index, 0),
    ...quartiles(times, index, helpers.indexOf(store)).slice(0, 1),
    median(times[index] ?? []).toFixed(1),
    (counts[index] ?? NaN).toFixed(2),
  ])
  const fills = [
    'bitbucket-oauth',
    ...(hasFront ? [frontCommand(front)] : []),
    `store --file ${join(home, 'credentials')}`,
  ].map((helper) => fill(helper))
  const fillTimes = race([...fills])
  const crowd = await crowdRows([empty, helpers[1] ?? empty, ...(hasFront ? [frontOf('get')] : []), store])
  const growth = growthRows(
    hasFront ? [node('npm form', entry, 'get'), frontOf('get')] : [node('npm form', entry, 'get')],
  )

  const npm = ratioOf(times, 1, 0)
  const native = hasFront
    ? ratioOf(
        times,
        helpers.findIndex(({ name }) => name === 'native front: get'),
        helpers.indexOf(store),
      )
    : 0
  const isFast = npm <= LIMITS.npm && native <= LIMITS.front
  const text = [
    '# Benchmarks',
    `Written by \`npm run bench\`, from one run: Node.js ${process.version}, ${git('--version')}, ${cpus().length} × ${cpus()[0]?.model ?? ''}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}. Whole processes, in turn, medians of the ratios of ${ROUNDS} rounds with their quartiles. Instructions are those in user space, in millions, by Valgrind; they do not depend on what else the machine does.`,
    '## One answer from the cache',
    table(['program', 'of an empty Node', 'quartiles', 'of git-credential-store', 'ms', 'instructions'], rows),
    `The npm form may cost ${LIMITS.npm} times an empty program, and costs ${npm.toFixed(3)}.${hasFront ? ` The native front may cost ${LIMITS.front} times git-credential-store, and costs ${native.toFixed(3)}.` : ' The native front was not built.'}`,
    '## git credential fill',
    table(
      ['helper', 'of the first', 'ms'],
      fills.map(({ name }, index) => [
        name,
        ratioOf(fillTimes, index, 0).toFixed(3),
        median(fillTimes[index] ?? []).toFixed(1),
      ]),
    ),
    `## ${CROWD} at once`,
    table(['program', 'of as many empty Nodes', 'ms for all'], crowd),
    '## With more accounts and longer tokens',
    table(['program', 'accounts', 'token, bytes', 'of one account and 2,600 bytes'], growth),
    '## What one may conclude',
    'Of what git waits for with the npm form, Node.js is all but a tenth. The native front costs about as much as the helpers that come with git. Neither grows with the number of accounts. Times differ by some percent from run to run, and where the quartiles lie far apart, the machine was not quiet: then the instructions, which do not differ, tell more.',
  ].join('\n\n')
  writeFileSync('docs/benchmarks.md', `${text}\n`)
  spawnSync('npx', ['prettier', '--write', '--log-level=warn', 'docs/benchmarks.md'])
  console.log(readFileSync('docs/benchmarks.md', 'utf8'))
  if (!isFast) console.log('TOO SLOW')
  return isFast ? 0 : 1
}

function node(name: string, ...args: readonly string[]): Program {
  return { name, command: [process.execPath, ...args], input: `${CAPABILITIES}${URL_LINES}\n` }
}

function frontOf(operation: string): Program {
  return { name: `native front: ${operation}`, command: [front, operation], input: `${CAPABILITIES}${URL_LINES}\n` }
}

function answered(capabilities: string): string {
  const state = capabilities === '' ? '' : 'state[]=bitbucket-oauth:f00d:0:\n'
  return `${capabilities}${URL_LINES}username=x-token-auth\npassword=${tokenOf(2600)}\n${state}\n`
}

/** git's own, by its path, as git starts it. */
function gitStore(): Program {
  const credentials = join(home, 'credentials')
  writeFileSync(credentials, `https://x-token-auth:${tokenOf(2600)}@bitbucket.org\n`, { mode: 0o600 })
  const command = [join(git('--exec-path'), 'git-credential-store'), '--file', credentials, 'get']
  return { name: 'git-credential-store get', command, input: `${URL_LINES}\n` }
}

/** Those of others that are installed here. */
function rivals(): Program[] {
  const cache = [join(git('--exec-path'), 'git-credential-cache'), '--socket', join(home, 'socket/cache')]
  mkdirSync(join(home, 'socket'), { mode: 0o700 })
  spawnSync(cache[0] ?? '', [...cache.slice(1), 'store'], {
    env,
    input: answered(''),
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const input = `${URL_LINES}\n`
  const all = [
    { name: 'git-credential-cache get', command: [...cache, 'get'], input },
    {
      name: 'git-credential-libsecret get',
      command: [join(git('--exec-path'), 'git-credential-libsecret'), 'get'],
      input,
    },
    { name: 'git-credential-oauth get', command: ['git-credential-oauth', 'get'], input },
    { name: 'gh auth git-credential get', command: ['gh', 'auth', 'git-credential', 'get'], input },
    { name: 'pass-git-helper get', command: ['pass-git-helper', 'get'], input },
  ]
  return all.filter(
    ({ command: [program = '', ...args] }) => spawnSync(program, args, { env, input }).error === undefined,
  )
}

/** `git credential fill` with one helper, as it is configured. */
function fill(helper: string): Program {
  const options = ['-c', 'credential.helper=', '-c', `credential.helper=${helper}`]
  return {
    name: describe(helper),
    command: ['git', ...options, 'credential', 'fill'],
    input: 'url=https://bitbucket.org\n\n',
  }
}

function describe(helper: string): string {
  if (helper === 'bitbucket-oauth') return 'this program by its name'
  return helper.startsWith('!') ? 'the native front, as configure has it' : 'store'
}

/** Times of each, in milliseconds, round by round. */
function race(programs: readonly Program[], rounds = ROUNDS): number[][] {
  const times = programs.map(() => [] as number[])
  for (let round = -1; round < rounds; round++) {
    programs.forEach((program, index) => {
      const time = measure(program)
      // The first round warms the caches.
      if (round >= 0) times[index]?.push(time)
    })
  }
  return times
}

function measure({ name, command: [program = '', ...args], input, env: own = env }: Program): number {
  const file = join(home, 'input')
  writeFileSync(file, input)
  const stdin = openSync(file, 'r')
  const start = process.hrtime.bigint()
  const { error } = spawnSync(program, args, { env: own, stdio: [stdin, 'ignore', 'ignore'] })
  const time = Number(process.hrtime.bigint() - start) / 1e6
  closeSync(stdin)
  if (error !== undefined) throw new Error(`${name} failed`, { cause: error })
  return time
}

/** In millions. */
function countOf({ command, input, env: own = env }: Program): number {
  const [program = '', ...args] = command
  const seeded = program === process.execPath ? [program, '--random-seed=1', ...args] : command
  try {
    return countInstructions(seeded, { env: own, input }).instructions / 1e6
  } catch {
    // Some helpers fail where they know nothing.
    return NaN
  }
}

async function crowdRows(programs: readonly Program[]): Promise<string[][]> {
  const times = programs.map(() => [] as number[])
  for (let round = -1; round < CROWD_ROUNDS; round++) {
    for (const [index, { command, input }] of programs.entries()) {
      const start = process.hrtime.bigint()
      await Promise.all(Array.from({ length: CROWD }, async () => runOne(command, input)))
      if (round >= 0) times[index]?.push(Number(process.hrtime.bigint() - start) / 1e6)
    }
  }
  return programs.map(({ name }, index) => [
    name,
    ratioOf(times, index, 0).toFixed(3),
    median(times[index] ?? []).toFixed(0),
  ])
}

async function runOne([program = '', ...args]: readonly string[], input: string): Promise<void> {
  const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  await once(child, 'close')
}

function growthRows(programs: readonly Program[]): string[][] {
  const sizes = [
    [1, 2600],
    [10, 2600],
    [1000, 2600],
    [1, 100],
    [1, 60_000],
  ] as const
  const base = programs.map((program) => {
    plant(2600, 1)
    return countOf(program)
  })
  return sizes.flatMap(([accounts, length]) => {
    plant(length, accounts)
    return programs.map((program, index) => [
      program.name,
      String(accounts),
      String(length),
      (countOf(program) / (base[index] ?? NaN)).toFixed(4),
    ])
  })
}

function plant(length: number, accounts: number): void {
  const account = { protocol: 'https', host: 'bitbucket.org' }
  for (const directory of [join(runtime, NAME), join(home, '.cache', NAME)]) {
    rmSync(directory, { recursive: true, force: true })
    for (let number = 0; number < accounts; number++) {
      const own = number === 0 ? account : { ...account, username: `user-${number}` }
      plantToken(directory, own, { accessToken: tokenOf(length), home })
    }
  }
}

function tokenOf(length: number): string {
  return `${'a'.repeat(length)}=`
}

function git(word: string): string {
  return spawnSync('git', [word], { encoding: 'utf8' }).stdout.trim()
}

function ratios(times: readonly (readonly number[])[], index: number, base: number): number[] {
  return (times[index] ?? [])
    .map((time, round) => time / (times[base]?.[round] ?? NaN))
    .toSorted((one, other) => one - other)
}

function ratioOf(times: readonly (readonly number[])[], index: number, base: number): number {
  return median(ratios(times, index, base))
}

function quartiles(times: readonly (readonly number[])[], index: number, base: number): string[] {
  const sorted = ratios(times, index, base)
  const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? NaN).toFixed(3)
  return [at(0.5), `${at(0.25)} – ${at(0.75)}`]
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
