import test from 'ava'
import { formatProgress, formatSize, startProgress } from '../../../src/cli/download/progress.ts'

test('sizes are told in the unit that is read best', (t) => {
  t.deepEqual([0, 999, 1000, 1_234_567, 2e9, 5e15].map(formatSize), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 MB',
    '2.0 GB',
    '5000.0 TB',
  ])
})

test('a line tells no more than is known', (t) => {
  t.is(formatProgress('a', 5e6, undefined, undefined), 'a  5.0 MB')
  t.is(formatProgress('a', 5e6, undefined, 1e6), 'a  5.0 MB  1.0 MB/s')
  t.is(formatProgress('a', 5e6, 10e6, 0), 'a  5.0 MB of 10.0 MB  0 B/s')
  t.is(formatProgress('a', 5e6, 26e6, 1e6), 'a  5.0 MB of 26.0 MB  1.0 MB/s  0:21 left')
  t.is(formatProgress('a', 0, 3723e6, 1e6), 'a  0 B of 3.7 GB  1.0 MB/s  1:02:03 left')
})

test('the line fits into the terminal, and is taken away for other words and at the end', (t) => {
  const written: string[] = []
  let now = 0
  const stream = { isTTY: true, columns: 20, write: (text: string) => written.push(text) }
  const progress = startProgress(stream, () => now)
  progress.label('a name that is rather long')
  progress.expect(100)

  now = 1000
  progress.add(50)
  progress.aside(() => written.push('words\n'))
  progress.end()

  t.deepEqual(written, ['\ra name that is rath\u001B[K', '\r\u001B[K', 'words\n'])
})

test('without a terminal there is no line', (t) => {
  const written: string[] = []
  const progress = startProgress({ write: (text) => written.push(text) })

  progress.expect(100)
  progress.add(50)
  progress.aside(() => written.push('words\n'))
  progress.end()

  t.deepEqual(written, ['words\n'])
})
