import { visible } from '../../base/visible.ts'

/** A line on the terminal that says how far something is, drawn again and again in the same place. */
export type Progress = {
  /** @param text what the line begins with */
  readonly label: (text: string) => void
  /** More bytes are expected: undefined where nobody says how many. */
  readonly expect: (bytes: number | undefined) => void
  /** These have come. */
  readonly add: (bytes: number) => void
  /** Writes something else to the terminal, without the line in its way. */
  readonly aside: (write: () => void) => void
  /** Takes the line away. */
  readonly end: () => void
}

/** Often enough to be seen moving. Milliseconds. */
const INTERVAL_MS = 100

/** A short download needs no line. Milliseconds. */
const DELAY_MS = 300

/** Rates go by what came last, so that a slow beginning is soon forgotten. Milliseconds. */
const WINDOW_MS = 5000

/** Shows it where the stream is a terminal. `now` is in milliseconds, by a clock that nobody sets. */
export function startProgress(
  stream: { readonly isTTY?: boolean; readonly columns?: number; readonly write: (text: string) => unknown },
  now: () => number = () => performance.now(),
): Progress {
  if (stream.isTTY !== true) return NONE
  let text = ''
  let bytes = 0
  let expected: number | undefined = 0
  let drawn = now() + DELAY_MS - INTERVAL_MS
  let isShown = false
  let samples: Sample[] = [{ at: now(), bytes: 0 }]
  const clear = (): void => {
    if (isShown) stream.write('\r\u001B[K')
    isShown = false
  }
  const draw = (): void => {
    const at = now()
    if (at - drawn < INTERVAL_MS) return
    drawn = at
    samples = [...samples.filter((sample) => at - sample.at < WINDOW_MS), { at, bytes }]
    const line = visible(formatProgress(text, bytes, expected, rateOf(samples)))
    // The last column stays empty: some terminals begin a new line after it.
    stream.write(`\r${line.slice(0, Math.max((stream.columns || 80) - 1, 0))}\u001B[K`)
    isShown = true
  }
  return {
    label: (words) => {
      text = words
    },
    expect: (more) => {
      expected = expected === undefined || more === undefined ? undefined : expected + more
    },
    add: (more) => {
      bytes += more
      draw()
    },
    aside: (write) => {
      clear()
      write()
    },
    end: clear,
  }
}

const NONE: Progress = { label: () => {}, expect: () => {}, add: () => {}, aside: (write) => write(), end: () => {} }

type Sample = { readonly at: number; readonly bytes: number }

/** Bytes a second; undefined where too little has come to tell. */
function rateOf(samples: readonly Sample[]): number | undefined {
  const [first] = samples
  const last = samples.at(-1)
  if (first === undefined || last === undefined || last.at <= first.at) return undefined
  return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000
}

/** `acme/widgets  45.2 MB of 300.0 MB  12.3 MB/s  0:21 left`, as far as all bytes and the rate a second are known. */
export function formatProgress(
  label: string,
  bytes: number,
  expected: number | undefined,
  rate: number | undefined,
): string {
  const parts = [label, expected === undefined ? formatSize(bytes) : `${formatSize(bytes)} of ${formatSize(expected)}`]
  if (rate !== undefined) parts.push(`${formatSize(rate)}/s`)
  if (expected !== undefined && rate) parts.push(`${formatTime((expected - bytes) / rate)} left`)
  return parts.join('  ')
}

/** `512 B`, `1.2 MB`: in powers of a thousand, as disks are sold. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length)
  return `${(bytes / 1000 ** power).toFixed(1)} ${UNITS[power - 1]}`
}

const UNITS = ['kB', 'MB', 'GB', 'TB']

/** `0:21`, `1:02:03`. */
function formatTime(seconds: number): string {
  const whole = Math.max(Math.ceil(seconds), 0)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const [short, padded] = [String(minutes), String(rest).padStart(2, '0')]
  return hours === 0 ? `${short}:${padded}` : `${hours}:${short.padStart(2, '0')}:${padded}`
}
