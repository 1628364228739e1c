import test from 'ava'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeDirectory } from '../helpers/directory.ts'

const PROGRAM = fileURLToPath(new URL('../../scripts/countTests.js', import.meta.url))
const RUN = fileURLToPath(new URL('../../.ci/run', import.meta.url))

function countTests(log: string, code: number): { failures: string[]; line: string | undefined; code: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [PROGRAM, log, String(code)], { encoding: 'utf8' })
  const lines = stdout.trimEnd().split('\n')
  return { failures: lines.slice(0, -1), line: lines.at(-1), code: status }
}

function recorded(name: string): string {
  return fileURLToPath(new URL(`logs/${name}.txt`, import.meta.url))
}

// As ava printed them, of a file named so and one where three tests pass.
for (const [name, code, passed, failed, ...failures] of [
  ['pass', 0, 3, 0],
  ['fail', 1, 4, 2, 'fail › bad', 'fail › worse Error thrown in test'],
  ['timeout', 1, 4, 2, 'timeout › never ends', 'timeout › nor does this'],
  ['uncaught', 1, 4, 1, 'test/uncaught.test.js'],
  ['unhandled', 1, 4, 1, 'test/unhandled.test.js'],
  ['exit', 1, 3, 1, 'test/exit.test.js'],
  // The hook, and the tests that would have come after it.
  ['hook', 1, 3, 3, 'hook › before hook Error thrown in test', '2 tests remaining in test/hook.test.js'],
  ['syntax', 1, 3, 1, 'test/syntax.test.js'],
  // Ava thinks nothing of it.
  ['none', 0, 3, 1, 'test/none.test.js'],
  ['nothing', 1, 0, 1],
] as const) {
  test(`a run with ${name}: ${passed} passed, ${failed} failed, and what failed is named`, (t) => {
    t.deepEqual(countTests(recorded(name), code), {
      failures: failures.map((failure) => `failed: ${failure}`),
      line: `${passed} passed, ${failed} failed`,
      code: failed === 0 ? 0 : 1,
    })
  })
}

for (const [title, text, code] of [
  ['that ended before the first test', 'npm error code ENOTFOUND\n', 7],
  ['in which nothing was to be done', '', 0],
] as const) {
  test(`a run ${title}: 0 passed, 1 failed`, (t) => {
    const log = join(makeDirectory(t), 'log')
    writeFileSync(log, text)

    t.deepEqual(countTests(log, code), { failures: [], line: '0 passed, 1 failed', code: code === 0 ? 1 : code })
  })
}

test('all passed, and the run ended badly all the same: 1 failed', (t) => {
  t.deepEqual(countTests(recorded('pass'), 3), { failures: [], line: '3 passed, 1 failed', code: 3 })
})

test('colours are not counted', (t) => {
  const log = join(makeDirectory(t), 'log')
  writeFileSync(log, '  \u001B[32m✔\u001B[39m one\n  \u001B[31m✘ [fail]:\u001B[39m two \u001B[3mno\u001B[23m\n')

  t.deepEqual(countTests(log, 1), { failures: ['failed: two no'], line: '1 passed, 1 failed', code: 1 })
})

test('the check prints what the test commands print, then what failed, then the count of all alone in the last line', (t) => {
  const bin = makeDirectory(t)
  const npm = `#!/bin/sh
case "$*" in
test) cat '${recorded('fail')}'; exit 1 ;;
'run test:front' | 'run test:windows') cat '${recorded('pass')}' ;;
esac
`
  writeFileSync(join(bin, 'npm'), npm, { mode: 0o700 })

  const { stdout, status } = spawnSync(RUN, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` },
  })

  t.is(status, 1)
  t.regex(stdout, /\n {2}2 tests failed\n(.*\n)*failed: fail › bad\nfailed: fail › worse .*\n10 passed, 2 failed\n$/)
})
