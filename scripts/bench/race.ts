import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { countInstructions } from '../../test/helpers/instructions.ts'

/** A whole process that is measured. */
export type Program = {
  readonly name: string
  readonly command: readonly string[]
  readonly input: string
  readonly env: NodeJS.ProcessEnv
  /** What is done before each run, and not measured. */
  readonly prepare?: () => void
}

/**
 * Times of each program, in milliseconds, round by round. They take turns, as the machine's own speed drifts, in another order each time:
 * one that comes after Node finds less of its own in the processor's caches.
 */
export async function race(
  programs: readonly { readonly run: () => number | Promise<number> }[],
  rounds: number,
): Promise<number[][]> {
  const times = programs.map(() => [] as number[])
  for (let round = -1; round < rounds; round++) {
    for (const index of shuffled(programs.length)) {
      const time = (await programs[index]?.run()) ?? NaN
      // The first round warms the caches.
      if (round >= 0) times[index]?.push(time)
    }
  }
  return times
}

function shuffled(length: number): number[] {
  const order = Array.from({ length }, (_, index) => ({ index, place: Math.random() }))
  return order.toSorted((one, other) => one.place - other.place).map(({ index }) => index)
}

/** One run while this process waits. Milliseconds. */
export function measure({ name, command: [program = '', ...args], input, env, prepare }: Program): number {
  prepare?.()
  const start = process.hrtime.bigint()
  const { error } = spawnSync(program, args, { env, input, stdio: ['pipe', 'ignore', 'ignore'] })
  const time = Number(process.hrtime.bigint() - start) / 1e6
  if (error !== undefined) throw new Error(`${name} failed`, { cause: error })
  return time
}

/** Some runs at once, while this process may serve them. Milliseconds until the last one has ended. */
export async function measureCrowd(
  { name, command: [program = '', ...args], input, env, prepare }: Program,
  count: number,
): Promise<number> {
  prepare?.()
  const start = process.hrtime.bigint()
  const codes = await Promise.all(
    Array.from({ length: count }, async () => {
      const child = spawn(program, args, { env, stdio: ['pipe', 'ignore', 'ignore'] })
      child.stdin.on('error', () => {})
      child.stdin.end(input)
      const [code] = (await once(child, 'close')) as [number | null]
      return code
    }),
  )
  const time = Number(process.hrtime.bigint() - start) / 1e6
  if (codes.some((code) => code !== 0)) throw new Error(`${name} failed`)
  return time
}

/** Instructions in user space, in millions; NaN for a helper that fails where it knows nothing. */
export function countOf({ command, input, env, prepare }: Program): number {
  prepare?.()
  const [program = '', ...args] = command
  const seeded = program === process.execPath ? [program, '--random-seed=1', ...args] : command
  try {
    return countInstructions(seeded, { env, input }).instructions / 1e6
  } catch {
    return NaN
  }
}

/** The most memory that a run takes, in MiB, by GNU time, which takes little itself; NaN where that is not installed (Debian: time). */
export function memoryOf({ command, input, env, prepare }: Program): number {
  prepare?.()
  const { error, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', ...command], { env, input, encoding: 'utf8' })
  return error === undefined ? Number(stderr.trim().split('\n').at(-1)) / 1024 : NaN
}

/** Medians of the ratios within each round. */
export function ratioOf(times: readonly (readonly number[])[], index: number, base: number): number {
  return median(ratios(times, index, base))
}

/** The median of the ratios, and their quartiles. */
export function quartiles(times: readonly (readonly number[])[], index: number, base: number): string[] {
  const sorted = ratios(times, index, base)
  const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? NaN).toFixed(3)
  return [at(0.5), `${at(0.25)} – ${at(0.75)}`]
}

function ratios(times: readonly (readonly number[])[], index: number, base: number): number[] {
  return (times[index] ?? [])
    .map((time, round) => time / (times[base]?.[round] ?? NaN))
    .toSorted((one, other) => one - other)
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
