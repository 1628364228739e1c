import test from 'ava'
import { mkdirSync, writeFileSync } from 'node:fs'
import { readAccessToken, writeAccessToken } from '../../src/tokens/cache.ts'
import { recordPath } from '../../src/tokens/record.ts'
import { makeDirectory } from '../helpers/directory.ts'

const account = { protocol: 'https', host: 'bitbucket.org' }
const token = { accessToken: `${'a'.repeat(2600)}=`, expiresAt: 2_000_000_000 }

test('a token is read as it was written', (t) => {
  const directory = makeDirectory(t)

  writeAccessToken(directory, account, token)

  t.deepEqual(readAccessToken(directory, account), token)
})

for (const other of [
  { protocol: 'http', host: 'bitbucket.org' },
  { protocol: 'https', host: 'bitbucket.org:8443' },
  { protocol: 'https', host: 'bitbucket.org.' },
  { protocol: 'https', host: 'evilbitbucket.org' },
  { protocol: 'https', host: 'bitbucket.org.evil.example' },
  { protocol: 'https', host: 'bitbucket.org/../bitbucket.org' },
  { protocol: 'https', host: '../https%3A%2F%2Fbitbucket.org' },
]) {
  test(`a token for https://bitbucket.org is not one for ${other.protocol}://${other.host}`, (t) => {
    const directory = makeDirectory(t)
    writeAccessToken(directory, account, token)

    t.is(readAccessToken(directory, other), undefined)
  })
}

test('a file that was copied to another host’s place counts as none', (t) => {
  const directory = makeDirectory(t)
  writeAccessToken(directory, account, token)
  const other = { protocol: 'https', host: 'evil.example' }
  const text = JSON.stringify({ version: 1, ...account, ...token })
  writeFileSync(recordPath(directory, other), text, { mode: 0o600 })

  t.is(readAccessToken(directory, other), undefined)
})

const whole = JSON.stringify({ version: 1, ...account, ...token })
for (const [title, text] of [
  ['an empty file', ''],
  ['half a record', whole.slice(0, 1000)],
  ['garbage', 'garbage'],
  ['a list', '[]'],
  ['null', 'null'],
  ['a record of a newer version', JSON.stringify({ version: 2, ...account, ...token })],
  ['a record without a token', JSON.stringify({ version: 1, ...account, expiresAt: 1 })],
  ['a record with an empty token', JSON.stringify({ version: 1, ...account, accessToken: '', expiresAt: 1 })],
  ['a record whose expiry is no number', JSON.stringify({ version: 1, ...account, accessToken: 'a', expiresAt: '1' })],
] as const) {
  test(`${title} counts as no token`, (t) => {
    const directory = makeDirectory(t)
    writeFileSync(recordPath(directory, account), text, { mode: 0o600 })

    t.is(readAccessToken(directory, account), undefined)
  })
}

test('a directory in its place counts as no token', (t) => {
  const directory = makeDirectory(t)
  mkdirSync(recordPath(directory, account))

  t.is(readAccessToken(directory, account), undefined)
})
