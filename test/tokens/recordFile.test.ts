import test from 'ava'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { listAccounts, recordPath, removeAllOf } from '../../src/tokens/recordFile.ts'
import { makeDirectory } from '../helpers/directory.ts'

const account = { protocol: 'https', host: 'bitbucket.org' }

test('forgetting an account takes all that is beside its record, and nothing of another account or of the lock', (t) => {
  const directory = makeDirectory(t)
  const path = recordPath(directory, account)
  const other = recordPath(directory, { protocol: 'https', host: 'bitbucket.org.json' })
  for (const ending of ['', '.failed-login', '.damaged-1', '.2.new']) writeFileSync(`${path}${ending}`, '')
  writeFileSync(other, '')
  mkdirSync(`${path}.lock`)
  mkdirSync(`${path}.lock.takeover`)

  removeAllOf(directory, account)

  const kept = [`${path}.lock`, `${path}.lock.takeover`, other]
  t.deepEqual(readdirSync(directory).toSorted(), kept.map((file) => basename(file)).toSorted())
})

test('forgetting where nothing was ever kept is done already', (t) => {
  t.notThrows(() => removeAllOf(`${makeDirectory(t)}/missing`, account))
})

test('accounts are listed by the names of their files, the default account of a host first', (t) => {
  const directory = makeDirectory(t)
  const accounts = [
    account,
    { ...account, username: 'alice' },
    { ...account, username: 'Alice' },
    { ...account, username: 'Zoë @acme/%:*' },
    { protocol: 'http', host: '127.0.0.1:8080', username: 'x' },
    { protocol: 'https', host: 'git.acme.example', contextPath: '/tools/bitbucket' },
    { protocol: 'https', host: 'git.acme.example', contextPath: '/bitbucket', username: 'alice' },
  ]
  for (const one of accounts) writeFileSync(recordPath(directory, one), '')
  for (const other of ['note.txt', 'https%3A%2F%2Fbitbucket.org.json.lock', '%ZZ.json', 'x.json'])
    writeFileSync(join(directory, other), '')

  const listed = listAccounts(directory)

  t.deepEqual(texts(listed), texts(accounts))
  t.deepEqual(listed[0], account)
})

function texts(all: readonly object[]): string[] {
  return all.map((one) => JSON.stringify(one)).toSorted()
}

test('no two usernames share a file where capitals and small letters are the same', (t) => {
  const names = ['alice', 'Alice', 'ALICE', 'Äa', 'äa'].map((username) => recordPath('', { ...account, username }))

  t.is(new Set(names.map((name) => name.toLowerCase())).size, names.length)
})
