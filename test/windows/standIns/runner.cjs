// Runs commands on Windows, all at once, for a test on Linux: Windows' Node takes no pipe of Linux, and Wine changes some of
// the environment. Called with a file of JSON, {env, cwd, calls}; the outcomes go to a file beside it.
const { spawn } = require('node:child_process')
const { readFileSync, renameSync, writeFileSync } = require('node:fs')

const [file] = process.argv.slice(2)
const { env, cwd, calls } = JSON.parse(readFileSync(file, 'utf8'))

function run({ program, args, input }) {
  return new Promise((resolve) => {
    const started = performance.now()
    const outcome = { code: null, stdout: '', stderr: '' }
    const end = (code) => resolve({ ...outcome, code, milliseconds: performance.now() - started })
    const child = spawn(program, args, { env, cwd, windowsHide: true })
    child.stdout.setEncoding('utf8').on('data', (text) => (outcome.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text) => (outcome.stderr += text))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.on('error', (error) => {
      outcome.stderr += error.message
      end(null)
    })
    child.on('close', end)
  })
}

async function main() {
  writeFileSync(`${file}.new`, JSON.stringify(await Promise.all(calls.map(run))))
  renameSync(`${file}.new`, `${file}.done`)
}

void main()
