import test from 'ava'
import { formatDuration } from '../../src/base/duration.ts'

for (const [seconds, words] of [
  [0, 'a moment'],
  [59.9, 'a moment'],
  [60, '1 minute'],
  [119, '1 minute'],
  [7199, '119 minutes'],
  [7200, '2 hours'],
  [172_799, '47 hours'],
  [172_800, '2 days'],
] as const) {
  test(`${seconds} seconds are ${words}`, (t) => {
    t.is(formatDuration(seconds), words)
  })
}
