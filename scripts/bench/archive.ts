/**
 * How fast a large archive comes, and how much memory that takes, beside curl: from the sandbox, which runs in this process,
 * by way of its redirect to another origin. The programs take turns, and the medians are printed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Home } from '../../test/helpers/home.ts'
import { watchPeak } from '../../test/helpers/peak.ts'
import { freePort } from '../../test/helpers/ports.ts'
import { requestFor } from '../../test/helpers/user.ts'
import { Sandbox } from '../../test/sandbox/sandbox.ts'

const ROUNDS = 7

/** So much that the start of a program weighs little. Bytes. */
const SIZE = 1_500_000_000

/** What part of curl's speed is enough: Node itself, which does nothing but to write what comes, has little more. */
const LIMIT = 0.7

/** Node alone: it follows the redirect, and writes each piece. */
const BARE = `
const { openSync, writeSync } = require('node:fs')
const { get } = require('node:http')
const [, , url, token, path] = process.argv
const file = openSync(path, 'w')
const take = (piece) => {
  for (let start = 0; start < piece.length; ) start += writeSync(file, piece, start)
}
get(url, { headers: { authorization: 'Bearer ' + token } }, ({ headers: { location } }) =>
  get(location, (answer) => answer.on('data', take).on('end', () => process.exit())))
`

type Program = { readonly name: string; readonly command: string; readonly args: readonly string[] }

type Run = { readonly seconds: number; readonly peak: number }

const sandbox = await Sandbox.start(`http://localhost:${await freePort()}`)
const home = new Home()
try {
  home.configureFor(sandbox)
  home.useBrowser('follow.ts')
  await home.helper('get', requestFor(sandbox.origin))
  sandbox.archives.settings.syntheticSize = SIZE
  process.exitCode = await bench()
} finally {
  await sandbox.stop()
  await home.remove()
}

async function bench(): Promise<number> {
  const programs = prepare()
  const runs = programs.map((): Run[] => [])
  for (let round = -1; round < ROUNDS; round++) {
    for (const [index, program] of programs.entries()) {
      const run = await measure(program)
      // The first round warms the caches.
      if (round >= 0) runs[index]?.push(run)
    }
  }
  console.log(`node ${process.version}, ${SIZE / 1e6} MB, median of ${ROUNDS} rounds, whole processes\n`)
  console.log('   ratio     MB/s  peak MiB  program')
  const [curl = []] = runs
  const ratios = programs.map(({ name }, index) => {
    const own = runs[index] ?? []
    const ratio = median(own.map(({ seconds }, round) => (curl[round]?.seconds ?? NaN) / seconds))
    const rate = SIZE / 1e6 / median(own.map(({ seconds }) => seconds))
    const peak = Math.max(...own.map((run) => run.peak)) / 1024 / 1024
    console.log(
      [ratio.toFixed(2).padStart(8), rate.toFixed(0).padStart(8), peak.toFixed(0).padStart(9), ` ${name}`].join(' '),
    )
    return ratio
  })
  // A checksum is more work than curl does.
  const isFast = ratios.every((ratio, index) => ratio >= LIMIT || programs[index]?.args.includes('--json'))
  console.log(`\nat least ${LIMIT} times as fast as curl${isFast ? '' : ': TOO SLOW'}`)
  return isFast ? 0 : 1
}

function prepare(): Program[] {
  const token = String(home.record(home.runtime, sandbox.origin)['accessToken'])
  const own = ['archive', 'acme/widgets', '--host', sandbox.origin]
  const curl = ['-sSfL', '-H', `Authorization: Bearer ${token}`, `${sandbox.origin}/acme/widgets/get/HEAD.tar.gz`]
  const helper = 'git-credential-bitbucket-oauth'
  writeFileSync(join(home.path, 'bare.cjs'), BARE)
  const bare = [join(home.path, 'bare.cjs'), `${sandbox.origin}/acme/widgets/get/HEAD.tar.gz`, token, 'own.tar.gz']
  return [
    { name: 'curl -L -o FILE', command: 'curl', args: [...curl, '-o', 'curl.tar.gz'] },
    { name: "Node's own http.get, to a file", command: process.execPath, args: bare },
    { name: 'archive -o FILE', command: helper, args: [...own, '-o', 'own.tar.gz'] },
    { name: 'archive -o FILE --json, with a SHA-256', command: helper, args: [...own, '-o', 'own.tar.gz', '--json'] },
    { name: 'archive -o - > /dev/null', command: helper, args: [...own, '-o', '-'] },
  ]
}

async function measure({ name, command, args }: Program): Promise<Run> {
  const work = join(home.path, 'work')
  for (const file of ['curl.tar.gz', 'own.tar.gz']) rmSync(join(work, file), { force: true })
  const start = process.hrtime.bigint()
  const child = spawn(command, args, {
    cwd: work,
    env: home.env,
    stdio: ['ignore', openSync('/dev/null', 'w'), 'inherit'],
  })
  const ended = once(child, 'close')
  const peak = await watchPeak(child)
  const [code] = (await ended) as [number]
  if (code !== 0) throw new Error(`${name} failed`)
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, peak }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
