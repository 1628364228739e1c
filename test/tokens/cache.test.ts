import test from 'ava'
import { mkdirSync, writeFileSync } from 'node:fs'
import { readAccessToken, writeAccessToken } from '../../src/tokens/cache.ts'
import { recordPath } from '../../src/tokens/recordFile.ts'
import { makeDirectory } from '../helpers/directory.ts'

const account = { protocol: 'https', host: 'bitbucket.org' }
const token = {
  accessToken: `${'a'.repeat(2600)}=`,
  id: 'f00d',
  obtainedAt: 1_999_992_800,
  expiresAt: 2_000_000_000,
  grantType: 'refresh_token',
  scopes: 'repository',
  isBearer: false,
  heals: true,
  isShadowed: false,
} as const
const logins = '/data'

test('a token is read as it was written', (t) => {
  const directory = makeDirectory(t)

  writeAccessToken(directory, account, token, logins)

  t.deepEqual(readAccessToken(directory, account), { ...token, logins })
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
    writeAccessToken(directory, account, token, logins)

    t.is(readAccessToken(directory, other), undefined)
  })
}

test('a file that was copied to another host’s place counts as none', (t) => {
  const directory = makeDirectory(t)
  writeAccessToken(directory, account, token, logins)
  const other = { protocol: 'https', host: 'evil.example' }
  const text = JSON.stringify({ version: 1, ...account, ...token, logins })
  writeFileSync(recordPath(directory, other), text, { mode: 0o600 })

  t.is(readAccessToken(directory, other), undefined)
})

const whole = JSON.stringify({ version: 1, ...account, ...token, logins })
for (const [title, text] of [
  ['an empty file', ''],
  ['half a record', whole.slice(0, 1000)],
  ['garbage', 'garbage'],
  ['a list', '[]'],
  ['null', 'null'],
  ['a record of a newer version', JSON.stringify({ version: 2, ...account, ...token, logins })],
  ['a record without a token', JSON.stringify({ version: 1, ...account, ...token, logins, accessToken: undefined })],
  ['a record with an empty token', JSON.stringify({ version: 1, ...account, ...token, logins, accessToken: '' })],
  ['a record whose expiry is no number', JSON.stringify({ version: 1, ...account, ...token, logins, expiresAt: '1' })],
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
