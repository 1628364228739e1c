import test from 'ava'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isFailure } from '../../src/failure.ts'
import { recordPath } from '../../src/tokens/record.ts'
import { readRefreshToken, writeRefreshToken } from '../../src/tokens/vault.ts'
import { makeDirectory } from '../helpers/directory.ts'

const account = { protocol: 'https', host: 'bitbucket.org' }
const token = { clientId: 'key', refreshToken: 'r'.repeat(2600) }

for (const length of [1, 2_500, 8_000, 60_000]) {
  test(`a token of ${length} bytes is read as it was written`, (t) => {
    const directory = makeDirectory(t)
    const long = { clientId: 'key', refreshToken: 'r'.repeat(length) }

    writeRefreshToken(directory, account, long)

    t.deepEqual(readRefreshToken(directory, account, t.fail), long)
  })
}

test('no record is no token, and no complaint', (t) => {
  t.is(readRefreshToken(makeDirectory(t), account, t.fail), undefined)
})

for (const [title, text] of [
  ['an empty file', ''],
  ['half a record', JSON.stringify({ version: 1, ...account, ...token }).slice(0, 1000)],
  ['a record of another host', JSON.stringify({ version: 1, protocol: 'https', host: 'evil.example', ...token })],
  ['a record without a token', JSON.stringify({ version: 1, ...account, clientId: 'key' })],
] as const) {
  test(`${title} is set aside, and the user is told where`, (t) => {
    const directory = makeDirectory(t)
    writeFileSync(recordPath(directory, account), text, { mode: 0o600 })
    const told: string[] = []

    t.is(
      readRefreshToken(directory, account, (line) => told.push(line)),
      undefined,
    )

    const [aside = ''] = readdirSync(directory)
    t.is(readFileSync(join(directory, aside), 'utf8'), text)
    t.is(told.length, 1)
    t.true(told[0]?.includes(join(directory, aside)))
  })
}

test('a record of a newer version is left alone, and no login is asked for', (t) => {
  const directory = makeDirectory(t)
  const text = JSON.stringify({ version: 2, ...account, secrets: 'elsewhere' })
  writeFileSync(recordPath(directory, account), text, { mode: 0o600 })

  const error = t.throws(() => readRefreshToken(directory, account, t.fail))

  t.true(isFailure(error))
  t.regex(error.message, /newer version/)
  t.is(readFileSync(recordPath(directory, account), 'utf8'), text)
})

test('a record that others could read is a failure, not a reason to log in', (t) => {
  const directory = makeDirectory(t)
  writeFileSync(recordPath(directory, account), JSON.stringify({ version: 1, ...account, ...token }), { mode: 0o644 })

  const error = t.throws(() => readRefreshToken(directory, account, t.fail))

  t.true(isFailure(error))
  t.false(error.message.includes('rrrr'))
})
