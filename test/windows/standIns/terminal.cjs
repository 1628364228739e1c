// Runs a command on Windows in the terminal that this was started in, with an environment that Wine has not changed. Called with
// a file of JSON: {env, cwd, call}.
const { spawnSync } = require('node:child_process')
const { readFileSync } = require('node:fs')

const [file] = process.argv.slice(2)
const { env, cwd, call } = JSON.parse(readFileSync(file, 'utf8'))
// Ctrl-C is for the command; this waits for its end.
process.on('SIGINT', () => {})
const { status } = spawnSync(call.program, call.args, { env, cwd, stdio: 'inherit' })
process.exitCode = status ?? 1
