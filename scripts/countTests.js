import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'

/** What is said of a file that did not come to its end. Often several are said of one. */
const BROKEN = [
  /^ {2}Uncaught exception in (.+)$/,
  /^ {2}Unhandled rejection in (.+)$/,
  /^ {2}✘ (.+) exited (?:with a non-zero exit code: \d+|due to .+)$/,
  /^ {2}✘ Exiting due to process\.exit\(\) when running (.+)$/,
  /^ {2}✘ Internal error when running (.+)$/,
  /^ {2}✘ No tests found in ([^,]+)/,
]

const FAILED = /^ {2}✘ \[(?:fail|unexpected pass)\]: (.+)$/
const REMAINING = /^ {2}✘ ((\d+) tests? remaining in .+)$/

/** What names a test, or a file, that failed. */
const NAMED = [FAILED, REMAINING, /^ {2}◌ (.+)$/, ...BROKEN]

/**
 * Prints what failed, a line each, and how many tests passed and failed, alone in the last line: `countTests.js LOG EXIT-CODE`, with
 * what `npm test` printed and how it ended. The test runner names what failed far above its end, and its summary leaves out what
 * passed where anything failed. Ends as the run did, but never well where something failed, or nothing passed.
 */
const [path = '', code = ''] = process.argv.slice(2)
const lines = stripVTControlCharacters(readFileSync(path, 'utf8')).split('\n')
const total = count()
const isGood = code === '0' && total.failed === 0 && total.passed > 0
for (const name of nameFailures()) console.log(`failed: ${name}`)
console.log(`${total.passed} passed, ${isGood ? 0 : Math.max(total.failed, 1)} failed`)
process.exitCode = isGood ? 0 : Number(code) || 1

/** In the words of ava 7. A test that never ended has failed, and so has a file that broke. */
function count() {
  const passed = lines.filter((line) => line.startsWith('  ✔ ')).length
  let failed = 0
  const broken = new Set()
  for (const line of lines) {
    if (FAILED.test(line)) failed += 1
    const [, , remaining = 0] = REMAINING.exec(line) ?? []
    const [, pending = 0] = /^ {2}(\d+) tests? remained pending after a timeout$/.exec(line) ?? []
    failed += Number(remaining) + Number(pending)
    for (const form of BROKEN) {
      const [, file] = form.exec(line) ?? []
      if (file !== undefined) broken.add(file)
    }
  }
  return { passed, failed: failed + broken.size }
}

function nameFailures() {
  return new Set(
    lines.flatMap((line) => NAMED.map((form) => form.exec(line)?.[1]).filter((name) => name !== undefined)),
  )
}
