/**
 * How long git waits for a cached token: whole processes of all forms of this program and of the other helpers that are installed, as
 * ratios within one round. The programs take turns, and medians and quartiles of the rounds are told: the machine's own speed drifts by
 * more than what is measured here. Writes docs/benchmarks.md.
 *
 * The native front is measured where `npm run test:front` has built it.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { frontCommand } from '../../src/cli/front.ts'
import { plantToken } from '../plantToken.ts'
import {
  countOf,
  measure,
  measureCrowd,
  median,
  memoryOf,
  type Program,
  quartiles,
  race,
  ratioOf,
  table,
} from './race.ts'
import { slowSection } from './slow.ts'

const ROUNDS = 100

/** Of rounds with 50 processes each. */
const CROWD_ROUNDS = 5
const CROWD = 50

/** What a cached `get` may cost at most: of the npm form, of an empty Node; of the front, of git-credential-store. */
const LIMITS = { npm: 1.1, front: 1.1 }

const NAME = 'git-credential-bitbucket-oauth'
const URL_LINES = 'protocol=https\nhost=bitbucket.org\n'
const CAPABILITIES = 'capability[]=authtype\ncapability[]=state\n'

const GET = `${CAPABILITIES}${URL_LINES}\n`

const home = mkdtempSync(join(tmpdir(), 'bench-'))
const runtime = join(home, 'runtime')
const entry = fileURLToPath(new URL('../../dist/bin.cjs', import.meta.url))
const front = fileURLToPath(new URL(`../../.front/static/node_modules/@${NAME}/linux-x64/front`, import.meta.url))
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
  const [empty, npm, store] = [node('an empty CommonJS file', 'empty'), node('npm form: get', 'get'), gitStore()]
  const fronts = hasFront ? [native('get')] : []
  const cached = await cachedSection(empty, npm, store)
  const sections = [
    cached.text,
    await fillSection(),
    await crowdSection([empty, npm, ...fronts, store]),
    growthSection([npm, ...fronts]),
    ...(await slowSection({ 'npm form': entry, ...(hasFront ? { 'native front': front } : {}) })),
  ]
  const text = [
    '# Benchmarks',
    `Written by \`npm run bench\`, from one run: Node.js ${process.version}, ${git('--version')}, ${cpus().length} × ${cpus()[0]?.model ?? ''}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}. Whole processes, in turn, medians of the ratios of ${ROUNDS} rounds with their quartiles. Instructions are those in user space, in millions, by Valgrind; they do not depend on what else the machine does.`,
    ...sections,
    '## What one may conclude',
    'Of what git waits for with the npm form, Node.js is all but a tenth. The native front costs about as much as the helpers that come with git. Neither grows with the number of accounts. A refresh, every two hours, costs some five starts of Node beside what the server takes, whatever git starts for it. Of many that want one at once, one makes it, and the others wait for it before they load anything. Times differ by some percent from run to run, and where the quartiles lie far apart, the machine was not quiet: then the instructions, which do not differ, tell more.',
  ].join('\n\n')
  writeFileSync('docs/benchmarks.md', `${text}\n`)
  spawnSync('npx', ['prettier', '--write', '--log-level=warn', 'docs/benchmarks.md'])
  console.log(readFileSync('docs/benchmarks.md', 'utf8'))
  if (!cached.isFast) console.log('TOO SLOW')
  return cached.isFast ? 0 : 1
}

async function cachedSection(
  empty: Program,
  npm: Program,
  store: Program,
): Promise<{ readonly text: string; readonly isFast: boolean }> {
  const own = hasFront ? native('get') : undefined
  const programs = [
    empty,
    npm,
    { ...npm, name: `${npm.name}, without XDG_RUNTIME_DIR`, env: { ...env, XDG_RUNTIME_DIR: undefined } },
    { ...node('npm form: store', 'store'), input: answered(CAPABILITIES) },
    { ...node('npm form: store, git before 2.46', 'store'), input: answered('') },
    ...(own === undefined ? [] : [own, { ...native('store'), input: answered(CAPABILITIES) }]),
    store,
    ...rivals(),
  ]
  const times = await race(programs.map(runOf), ROUNDS)
  const rows = programs.map((program, index) => [
    program.name,
    ...quartiles(times, index, 0),
    ...quartiles(times, index, programs.indexOf(store)).slice(0, 1),
    median(times[index] ?? []).toFixed(1),
    orDash(countOf(program), 2),
    orDash(memoryOf(program), 1),
  ])
  const ratio = ratioOf(times, 1, 0)
  const nativeRatio = own === undefined ? 0 : ratioOf(times, programs.indexOf(own), programs.indexOf(store))
  const told =
    own === undefined
      ? 'The native front was not built.'
      : `The native front may cost ${LIMITS.front} times git-credential-store, and costs ${nativeRatio.toFixed(3)}.`
  const head = ['program', 'of an empty Node', 'quartiles', 'of git-credential-store', 'ms', 'instructions', 'MiB']
  const limit = `The npm form may cost ${LIMITS.npm} times an empty program, and costs ${ratio.toFixed(3)}.`
  return {
    text: ['## One answer from the cache', table(head, rows), `${limit} ${told}`].join('\n\n'),
    isFast: ratio <= LIMITS.npm && nativeRatio <= LIMITS.front,
  }
}

/** What git itself takes, which starts a shell for a helper. */
async function fillSection(): Promise<string> {
  const helpers = [
    'bitbucket-oauth',
    ...(hasFront ? [frontCommand(front)] : []),
    `store --file ${join(home, 'credentials')}`,
  ]
  const rows: string[][] = []
  for (const operation of ['fill', 'approve'] as const) {
    const times = await race(
      helpers.map((helper) => runOf(gitCredential(operation, helper))),
      ROUNDS,
    )
    rows.push(
      ...helpers.map((helper, index) => [
        `${operation}: ${describe(helper)}`,
        ratioOf(times, index, 0).toFixed(3),
        median(times[index] ?? []).toFixed(1),
      ]),
    )
  }
  return ['## git credential fill and approve', table(['helper', 'of the first', 'ms'], rows)].join('\n\n')
}

async function crowdSection(programs: readonly Program[]): Promise<string> {
  const runs = programs.map((program) => ({ run: async () => measureCrowd(program, CROWD) }))
  const times = await race(runs, CROWD_ROUNDS)
  const rows = programs.map(({ name }, index) => [
    name,
    ratioOf(times, index, 0).toFixed(3),
    ratioOf(times, index, programs.length - 1).toFixed(3),
    median(times[index] ?? []).toFixed(0),
  ])
  const head = ['program', 'of as many empty Nodes', 'of as many git-credential-stores', 'ms for all']
  return [`## ${CROWD} at once`, table(head, rows)].join('\n\n')
}

function growthSection(programs: readonly Program[]): string {
  const sizes = [
    [1, 2600],
    [10, 2600],
    [1000, 2600],
    [1, 100],
    [1, 60_000],
  ] as const
  const base: number[] = []
  const rows = sizes.flatMap(([accounts, length]) => {
    plant(length, accounts)
    return programs.map((program, index) => {
      const count = countOf(program)
      base[index] ??= count
      return [program.name, String(accounts), String(length), (count / base[index]).toFixed(4)]
    })
  })
  const head = ['program', 'accounts', 'token, bytes', 'instructions, of one account and 2,600 bytes']
  return ['## With more accounts and longer tokens', table(head, rows)].join('\n\n')
}

/** What could not be told is a dash. */
function orDash(value: number, digits: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(digits)
}

function runOf(program: Program): { readonly run: () => number } {
  return { run: () => measure(program) }
}

/** Our entry, or an empty program. */
function node(name: string, operation: string): Program {
  const words = operation === 'empty' ? [join(home, 'empty.cjs')] : [entry, operation]
  return { name, command: [process.execPath, ...words], input: GET, env }
}

function native(operation: string): Program {
  return { name: `native front: ${operation}`, command: [front, operation], input: GET, env }
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
  return { name: 'git-credential-store get', command, input: `${URL_LINES}\n`, env }
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
  const elsewhere = 'protocol=https\nhost=git.acme.example\n\n'
  const all: readonly Program[] = [
    { name: 'git-credential-cache get', command: [...cache, 'get'], input: `${URL_LINES}\n`, env },
    {
      name: 'git-credential-libsecret get, without a keyring',
      command: [join(git('--exec-path'), 'git-credential-libsecret'), 'get'],
      input: `${URL_LINES}\n`,
      env,
    },
    {
      name: 'git-credential-oauth get, of a host it does not know',
      command: ['git-credential-oauth', 'get'],
      input: elsewhere,
      env,
    },
    {
      name: 'gh auth git-credential get, of a host it does not know',
      command: ['gh', 'auth', 'git-credential', 'get'],
      input: elsewhere,
      env,
    },
    { name: 'pass-git-helper get, without settings', command: ['pass-git-helper', 'get'], input: elsewhere, env },
  ]
  return all.filter(
    ({ command: [program = '', ...args], input }) => spawnSync(program, args, { env, input }).error === undefined,
  )
}

/** One helper, as it is configured. */
function gitCredential(operation: 'fill' | 'approve', helper: string): Program {
  const options = ['-c', 'credential.helper=', '-c', `credential.helper=${helper}`]
  const input = operation === 'fill' ? 'url=https://bitbucket.org\n\n' : answered('')
  return { name: describe(helper), command: ['git', ...options, 'credential', operation], input, env }
}

function describe(helper: string): string {
  if (helper === 'bitbucket-oauth') return 'this program by its name'
  return helper.startsWith('!') ? 'the native front, as configure has it' : 'store'
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
