import test from 'ava'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { recordPath, removeAllOf } from '../../src/tokens/recordFile.ts'
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
