/**
 * A user logs in, refreshes, downloads and unpacks over and over, on a machine where another user attacks all the while:
 * `npm run attack -- SECONDS`, as root, which alone can be two users. It prints what was tried and what came of it, and
 * fails if anything was obtained, removed or written that should not have been.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Home, type Outcome } from '../../test/helpers/home.ts'
import { freePort } from '../../test/helpers/ports.ts'
import { requestFor } from '../../test/helpers/user.ts'
import { Sandbox } from '../../test/sandbox/sandbox.ts'
import { strip } from '../typescript/strip.js'

const USER = 1000
const ATTACKER = 1001
const PROGRAM = 'git-credential-bitbucket-oauth'

/** Longer than any of the program's own limits. Seconds. */
const COMMAND_LIMIT = 180

const ATTACKER_PROGRAM = await strip(readFileSync(new URL('attacker.ts', import.meta.url), 'utf8'))

const [seconds = '300'] = process.argv.slice(2)
if (process.getuid?.() !== 0) throw new Error('this takes root, which alone can be two users: sudo npm run attack')

const base = mkdtempSync(join(tmpdir(), 'attack-'))
chmodSync(base, 0o755)
const sticky = makeDirectory('sticky', 0o1777, 0)
const theirs = makeDirectory('theirs', 0o777, ATTACKER)
const port = await freePort()
const sandbox = await Sandbox.start(`http://localhost:${port}`)
const home = new Home()
const outcomes: Record<string, number> = {}
const faults: string[] = []
const attackers: ChildProcess[] = []

try {
  prepare()
  const before = snapshot()
  attackers.push(start('plant', sticky), start('plant', theirs), start('watch'), start('squat'), start('read'))
  const end = Date.now() + Number(seconds) * 1000
  for (let round = 0; Date.now() < end; round++) await work(round)
  const counts = await Promise.all(attackers.map(stop))
  judge(before)
  report(counts)
} finally {
  for (const attacker of attackers) attacker.kill()
  await sandbox.stop()
  rmSync(base, { recursive: true, force: true })
  rmSync(home.path, { recursive: true, force: true })
}

function makeDirectory(name: string, mode: number, owner: number): string {
  const path = join(base, name)
  mkdirSync(path)
  chmodSync(path, mode)
  chownSync(path, owner, owner)
  return path
}

/** A home that has something to lose. */
function prepare(): void {
  home.configureFor(sandbox)
  home.useBrowser('follow.ts')
  sandbox.downloads.add('acme/widgets', 'tool.bin', Buffer.alloc(4 * 1024 * 1024, 'tool'))
  writeFileSync(join(home.path, '.profile'), 'precious\n')
  for (const name of ['precious', 'inbox']) mkdirSync(join(home.path, name))
  for (let file = 0; file < 200; file++) writeFileSync(join(home.path, 'precious', `file${file}`), `precious ${file}\n`)
  execFileSync('chown', ['-R', `${USER}:${USER}`, home.path])
  writeFileSync(join(base, 'loot'), '')
  chownSync(join(base, 'loot'), ATTACKER, ATTACKER)
  writeFileSync(join(base, 'attacker.mjs'), ATTACKER_PROGRAM)
}

/** One round of a user's day. */
async function work(round: number): Promise<void> {
  const host = ['--host', sandbox.origin]
  await run('login', home.path, [PROGRAM, 'login', sandbox.origin])
  // The attacker may have kept even the first login from succeeding.
  if (existsSync(home.runtime) && readdirSync(home.runtime).length > 0) home.expire(sandbox.origin)
  await run('refresh', home.path, [PROGRAM, 'get'], requestFor(sandbox.origin))
  for (const directory of [sticky, theirs]) {
    await run('archive', directory, [PROGRAM, 'archive', 'acme/widgets', ...host])
    await run('archive -o', directory, [PROGRAM, 'archive', 'acme/widgets', '-o', 'out.tar.gz', ...host])
    await run('archive --extract', directory, [
      PROGRAM,
      'archive',
      'acme/widgets',
      '--extract',
      `tree${round % 5}`,
      ...host,
    ])
    await run('downloads get', directory, [PROGRAM, 'downloads', 'get', 'acme/widgets', 'tool.bin', ...host])
  }
  await run('clean', sticky, ['sh', '-c', 'find . -mindepth 1 -maxdepth 1 -user 1000 -exec rm -rf {} +'])
}

async function run(name: string, cwd: string, command: readonly string[], input?: string): Promise<void> {
  const outcome: Outcome = await home.run(
    'setpriv',
    [
      `--reuid=${USER}`,
      `--regid=${USER}`,
      '--clear-groups',
      'timeout',
      '--kill-after=5',
      String(COMMAND_LIMIT),
      ...command,
    ],
    { cwd, ...(input === undefined ? {} : { input }) },
  )
  const { code, stderr } = outcome
  const isSentence = new RegExp(`^${PROGRAM}: .*$`, 'm').test(stderr) && !/this is a bug|^ +at /m.test(stderr)
  if (code === 124 || code === 137) faults.push(`${name} did not end`)
  else if (code !== 0 && !isSentence && name !== 'clean') faults.push(`${name} ended with ${code}: ${stderr}`)
  const result = code === 0 ? 'done' : `refused (${/^[^:]+: (.*)$/m.exec(stderr)?.[1]?.replaceAll(/\S*\/\S*/g, '…')})`
  outcomes[`${name}: ${result}`] = (outcomes[`${name}: ${result}`] ?? 0) + 1
}

function start(way: string, directory = ''): ChildProcess {
  const config = {
    loot: join(base, 'loot'),
    home: home.path,
    port,
    outputs: ['out.tar.gz', 'tool.bin', 'tree0', 'tree1', 'acme-widgets-0123456789ab.tar.gz'],
  }
  return spawn(process.execPath, [join(base, 'attacker.mjs'), way, JSON.stringify(config), directory], {
    uid: ATTACKER,
    gid: ATTACKER,
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function stop(child: ChildProcess): Promise<string> {
  if (child.exitCode !== null) faults.push(`an attacker ended by itself with ${child.exitCode}`)
  child.kill()
  const printed = child.stdout === null ? '' : await text(child.stdout)
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return printed.trim()
}

/** The user's files, but for those that the program, git and the browser keep. */
function snapshot(): string {
  const own = /^(runtime|\.local|\.cache|\.config|tmp|bin|opened|closed|browser\.|\.gitconfig)/
  return readdirSync(home.path, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name).slice(home.path.length + 1))
    .filter((name) => !own.test(name))
    .toSorted()
    .map((name) => `${name} ${readIfFile(join(home.path, name))}`)
    .join('\n')
}

function readIfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return 'directory'
  }
}

function judge(before: string): void {
  if (snapshot() !== before) faults.push('the files of the user are not as they were')
  const loot = readFileSync(join(base, 'loot'), 'utf8')
  for (const secret of sandbox.oauth.secrets) {
    if (secret.length > 15 && loot.includes(secret)) faults.push('the attacker has a secret')
  }
  if (/[?&]state=(?!planted)[\w-]{10,}/.test(loot)) faults.push('the attacker has a state')
  if (/[?&]code=(?!planted)[\w-]{10,}/.test(loot)) faults.push('the attacker has a code')
}

function report(counts: readonly string[]): void {
  console.log('The user:')
  for (const [name, count] of Object.entries(outcomes)) console.log(`${String(count).padStart(7)} ${name}`)
  console.log('The attacker:')
  for (const line of counts) {
    for (const [name, count] of Object.entries(JSON.parse(line || '{}') as Record<string, number>)) {
      console.log(`${String(count).padStart(7)} ${name}`)
    }
  }
  console.log(
    `${sandbox.oauth.secrets.size} secrets were in use; ${readFileSync(join(base, 'loot')).length} bytes of loot`,
  )
  for (const fault of new Set(faults)) console.log(`FAULT: ${fault}`)
  if (faults.length === 0) console.log('nothing was obtained, removed or written, and every command ended')
  process.exitCode = faults.length === 0 ? 0 : 1
}
