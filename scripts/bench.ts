/**
 * How long git waits for a cached token: whole processes, as ratios to an empty CommonJS file run by the same node.
 * The programs take turns, a ratio is taken within each round, and the median of the rounds is printed: the machine's
 * own speed drifts by more than what is measured here.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeAccessToken } from '../src/tokens/cache.ts'

const ROUNDS = 100

/** What a cached `get` may cost at most. */
const LIMIT = 1.1

const home = mkdtempSync(join(tmpdir(), 'bench-'))
try {
  process.exitCode = bench()
} finally {
  rmSync(home, { recursive: true, force: true })
}

type Program = {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** A file with what git sends. */
  readonly request: string
}

function bench(): number {
  const programs = prepare()
  const times = programs.map(() => [] as number[])
  for (let round = -1; round < ROUNDS; round++) {
    programs.forEach((program, index) => {
      const time = measure(program)
      // The first round warms the caches.
      if (round >= 0) times[index]?.push(time)
    })
  }

  const [empty = []] = times
  console.log(`node ${process.version}, median of ${ROUNDS} rounds, whole processes\n`)
  console.log('   ratio       ms  program')
  const ratios = programs.map(({ name }, index) => {
    const own = times[index] ?? []
    const ratio = median(own.map((time, round) => time / (empty[round] ?? NaN)))
    console.log(`${ratio.toFixed(2).padStart(8)} ${median(own).toFixed(1).padStart(8)}  ${name}`)
    return ratio
  })
  const get = ratios[1] ?? Infinity
  const isFast = get <= LIMIT
  console.log(
    `\na cached get: ${get.toFixed(3)} times an empty program, at most ${LIMIT} allowed${isFast ? '' : ': TOO SLOW'}`,
  )
  return isFast ? 0 : 1
}

/** An empty program, ours, and what else there is for the same line of work. */
function prepare(): Program[] {
  const token = `${'a'.repeat(2600)}=`
  const obtainedAt = Math.floor(Date.now() / 1000)
  const expiresAt = obtainedAt + 7200
  const runtime = join(home, 'runtime/git-credential-bitbucket-oauth')
  const account = { protocol: 'https', host: 'bitbucket.org' }
  const answerForm = { isBearer: false, heals: true, isShadowed: false }
  const issued = {
    accessToken: token,
    id: 'f00d',
    obtainedAt,
    expiresAt,
    grantType: 'refresh_token',
    scopes: 'repository',
    ...answerForm,
  } as const
  writeAccessToken(runtime, account, issued, join(home, 'data'))
  mkdirSync(join(home, 'empty'))
  writeFileSync(join(home, 'empty/empty.cjs'), '')
  const [get, store, oldStore] = ['get', 'store', 'old-store'].map((name) => join(home, name)) as [
    string,
    string,
    string,
  ]
  const url = 'protocol=https\nhost=bitbucket.org\n'
  const capabilities = 'capability[]=authtype\ncapability[]=state\n'
  const answered = `username=x-token-auth\npassword=${token}\n`
  writeFileSync(get, `${capabilities}${url}`)
  writeFileSync(store, `${capabilities}ephemeral=1\n${url}${answered}state[]=bitbucket-oauth:f00d:0:\n`)
  writeFileSync(oldStore, `${url}${answered}`)
  const credentials = join(home, 'credentials')
  writeFileSync(credentials, `https://x-token-auth:${token}@bitbucket.org\n`, { mode: 0o600 })
  const entry = fileURLToPath(new URL('../dist/bin.cjs', import.meta.url))
  const others = [
    {
      name: 'git-credential-store get',
      command: 'git',
      args: ['credential-store', '--file', credentials, 'get'],
      request: get,
    },
    { name: 'git-credential-oauth get', command: 'git-credential-oauth', args: ['get'], request: get },
  ]
  return [
    { name: 'an empty CommonJS file', command: process.execPath, args: [join(home, 'empty/empty.cjs')], request: get },
    { name: 'get, cached', command: process.execPath, args: [entry, 'get'], request: get },
    { name: 'store', command: process.execPath, args: [entry, 'store'], request: store },
    { name: 'store, git before 2.46', command: process.execPath, args: [entry, 'store'], request: oldStore },
    ...others.filter(isInstalled),
  ]
}

function isInstalled({ command }: Program): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** Milliseconds. */
function measure({ name, command, args, request }: Program): number {
  const input = openSync(request, 'r')
  const start = process.hrtime.bigint()
  const { status } = spawnSync(command, args, {
    env: { HOME: home, PATH: process.env['PATH'], XDG_RUNTIME_DIR: join(home, 'runtime') },
    stdio: [input, 'pipe', 'pipe'],
  })
  const time = Number(process.hrtime.bigint() - start) / 1e6
  closeSync(input)
  if (status !== 0 && !name.startsWith('git-credential-oauth')) throw new Error(`${name} failed`)
  return time
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
