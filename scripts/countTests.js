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

/**
 * Prints how many tests passed and failed, as the only line: `countTests.js LOG EXIT-CODE`, with what `npm test` printed
 * and how it ended. The test runner's own summary leaves out what passed where anything failed. Ends as the run did, but
 * never well where something failed, or nothing passed.
 */
const [path = '', code = ''] = process.argv.slice(2)
const total = count(stripVTControlCharacters(readFileSync(path, 'utf8')).split('\n'))
const isGood = code === '0' && total.failed === 0 && total.passed > 0
console.log(`${total.passed} passed, ${isGood ? 0 : Math.max(total.failed, 1)} failed`)
process.exitCode = isGood ? 0 : Number(code) || 1

/** In the words of ava 7. A test that never ended has failed, and so has a file that broke. */
function count(lines) {
  const passed = lines.filter((line) => line.startsWith('  ✔ ')).length
  let failed = 0
  const broken = new Set()
  for (const line of lines) {
    if (/^ {2}✘ \[(fail|unexpected pass)\]: /.test(line)) failed += 1
    const [, remaining = 0] = /^ {2}✘ (\d+) tests? remaining in /.exec(line) ?? []
    const [, pending = 0] = /^ {2}(\d+) tests? remained pending after a timeout$/.exec(line) ?? []
    failed += Number(remaining) + Number(pending)
    for (const form of BROKEN) {
      const [, file] = form.exec(line) ?? []
      if (file !== undefined) broken.add(file)
    }
  }
  return { passed, failed: failed + broken.size }
}
