import test from 'ava'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
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
