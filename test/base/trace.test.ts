import test from 'ava'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { openTrace } from '../../src/base/trace.ts'
import { makeDirectory } from '../helpers/directory.ts'

const VARIABLE = 'GIT_CREDENTIAL_BITBUCKET_OAUTH_TRACE'
const LINE = /^\d\d:\d\d:\d\d\.\d{3} \d+ git-credential-bitbucket-oauth: hello\n$/

function collect(): { said: string[]; complain: (text: string) => void } {
  const said: string[] = []
  return { said, complain: (text) => said.push(text) }
}

for (const value of [undefined, '', '0', 'false', 'No', 'off']) {
  test(`nothing is traced for ${value}`, (t) => {
    const { said, complain } = collect()

    openTrace(value === undefined ? {} : { [VARIABLE]: value }, complain)('hello')

    t.deepEqual(said, [])
  })
}

for (const value of ['1', '2', 'true', 'YES']) {
  test(`a line with the time goes to stderr for ${value}`, (t) => {
    const { said, complain } = collect()

    openTrace({ [VARIABLE]: value }, complain)('hello')

    t.is(said.length, 1)
    t.regex(said[0] ?? '', LINE)
  })
}

test('lines are added to the file of an absolute path, which is the user’s alone', (t) => {
  const path = join(makeDirectory(t), 'trace')
  const { said, complain } = collect()

  openTrace({ [VARIABLE]: path }, complain)('hello')
  openTrace({ [VARIABLE]: path }, complain)('hello')

  const lines = readFileSync(path, 'utf8').split(/(?<=\n)/)
  t.is(lines.length, 2)
  for (const line of lines) t.regex(line, LINE)
  t.is(statSync(path).mode & 0o777, 0o600)
  t.deepEqual(said, [])
})

test('a path that depends on where git stands is refused, once and in words', (t) => {
  const { said, complain } = collect()
  const trace = openTrace({ [VARIABLE]: 'trace' }, complain)

  trace('hello')

  t.is(said.length, 1)
  t.regex(said[0] ?? '', /has to be 1 or an absolute path, so nothing is traced\n$/)
})

test('a file that cannot be written is told once, and nothing fails', (t) => {
  const path = join(makeDirectory(t), 'directory')
  mkdirSync(path)
  const { said, complain } = collect()
  const trace = openTrace({ [VARIABLE]: path }, complain)

  trace('hello')
  trace('hello')

  t.is(said.length, 1)
  t.regex(said[0] ?? '', /: the trace cannot be written \(EISDIR/)
})

test('what is traced cannot forge a line', (t) => {
  const { said, complain } = collect()

  openTrace({ [VARIABLE]: '1' }, complain)('a\n12:00:00.000 1 forged\u001B[2J')

  t.is(said.join('').split('\n').length, 2)
  t.false(said.join('').includes('\u001B'))
})

/** Another user of the machine. Root alone can give something away. */
const STRANGER = 1001

test('a pipe that nobody reads holds nothing up', (t) => {
  const pipe = join(makeDirectory(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  const script = `import { openTrace } from './src/base/trace.ts'
    const trace = openTrace(process.env, (text) => process.stdout.write(text))
    trace('hello')
    trace('hello')`

  const { stdout, error } = spawnSync(
    process.execPath,
    ['--import=./scripts/typescript/register.js', '--input-type=module', '--eval', script],
    { env: { ...process.env, [VARIABLE]: pipe }, encoding: 'utf8', timeout: 60_000 },
  )

  t.is(error, undefined)
  t.regex(stdout, /^[^\n]*: the trace cannot be written \(ENXIO[^\n]*\n$/)
})

test('a pipe that somebody reads gets the trace', (t) => {
  const pipe = join(makeDirectory(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
  t.teardown(() => closeSync(reader))
  const { said, complain } = collect()

  openTrace({ [VARIABLE]: pipe }, complain)('hello')

  const bytes = Buffer.alloc(1000)
  t.regex(bytes.toString('utf8', 0, readSync(reader, bytes)), LINE)
  t.deepEqual(said, [])
})

for (const [title, lay] of [
  ['a file', (path: string) => writeFileSync(path, 'theirs')],
  ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
] as const) {
  test(`nothing is traced into ${title} of another user, which is told once`, (t) => {
    const path = join(makeDirectory(t), 'trace')
    lay(path)
    chmodSync(path, 0o666)
    chownSync(path, STRANGER, STRANGER)
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    t.teardown(() => closeSync(reader))
    const { said, complain } = collect()
    const trace = openTrace({ [VARIABLE]: path }, complain)

    trace('hello')
    trace('hello')

    t.is(said.length, 1)
    t.regex(said[0] ?? '', /the trace cannot be written \([^\n]*trace belongs to another user, so nothing is written/)
    const bytes = Buffer.alloc(1000)
    t.false(bytes.toString('utf8', 0, readSync(reader, bytes)).includes('hello'))
  })
}

test('a link of another user is not followed to a file of one’s own, and an own one is', (t) => {
  const directory = makeDirectory(t)
  const [own, theirs, mine] = ['own', 'theirs', 'mine'].map((name) => join(directory, name)) as [string, string, string]
  writeFileSync(mine, '')
  for (const link of [own, theirs]) symlinkSync('mine', link)
  lchownSync(theirs, STRANGER, STRANGER)
  const { said, complain } = collect()

  openTrace({ [VARIABLE]: theirs }, complain)('hello')
  const before = readFileSync(mine, 'utf8')
  openTrace({ [VARIABLE]: own }, complain)('hello')

  t.is(before, '')
  t.regex(said.join(''), /^[^\n]*: the trace cannot be written \(ELOOP[^\n]*\n$/)
  t.regex(readFileSync(mine, 'utf8'), LINE)
})
