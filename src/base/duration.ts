const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

/** A duration for people, rounded down: `a moment`, `4 minutes`, `2 hours`, `3 days`. The argument is in seconds. */
export function formatDuration(seconds: number): string {
  if (seconds < MINUTE) return 'a moment'
  if (seconds < 2 * HOUR) return count(Math.floor(seconds / MINUTE), 'minute')
  return seconds < 2 * DAY ? count(Math.floor(seconds / HOUR), 'hour') : count(Math.floor(seconds / DAY), 'day')
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}
