import test from 'ava'
import { mkdirSync, writeFileSync } from 'node:fs'
import { withLock } from '../../../src/tokens/lock/lock.ts'
import { newOwner, writeOwner } from '../../../src/tokens/lock/owner.ts'
import { recordPath } from '../../../src/tokens/recordFile.ts'
import { makeDirectory } from '../../helpers/directory.ts'

const account = { protocol: 'https', host: 'bitbucket.org' }

/** A lock of this process, which never touches it. */
function plantOurLock(directory: string): void {
  const path = `${recordPath(directory, account)}.lock`
  mkdirSync(path)
  writeOwner(path, newOwner())
}

for (const [title, plant] of [
  ['a process that is stopped holds', (directory: string) => plantOurLock(directory)],
  [
    'is a file that something planted',
    (directory: string) => writeFileSync(`${recordPath(directory, account)}.lock`, ''),
  ],
] as const) {
  test(`a lock that ${title} is taken over after ten seconds, and told of`, async (t) => {
    const directory = makeDirectory(t)
    plant(directory)
    const told: string[] = []
    const start = performance.now()

    const tell = (text: string): void => void told.push(text)
    t.is(await withLock(directory, account, { patience: 60, tell }, async () => 'result'), 'result')

    t.true(performance.now() - start > 9_000)
    t.deepEqual(told, ['waiting for another git process that renews the token or logs in to bitbucket.org'])
  })
}
