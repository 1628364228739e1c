import test from 'ava'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withLock } from '../../../src/tokens/lock/lock.ts'
import { newOwner, writeOwner } from '../../../src/tokens/lock/owner.ts'
import { recordPath } from '../../../src/tokens/recordFile.ts'
import { makeDirectory } from '../../helpers/directory.ts'

const account = { protocol: 'https', host: 'bitbucket.org' }

/** Longer than anything takes on a machine that is busy otherwise. */
const options = { patience: 60, tell: () => {} }

/** For what is never to be had. */
const impatient = { ...options, patience: 0.5 }

test('the result of the work is the result', async (t) => {
  t.is(await withLock(makeDirectory(t), account, options, async () => 'result'), 'result')
})

test('a lock is given back after a failure', async (t) => {
  const directory = makeDirectory(t)
  const failing = withLock(directory, account, options, async () => {
    throw new Error('the work failed')
  })
  await t.throwsAsync(failing, { message: 'the work failed' })

  t.is(await withLock(directory, account, options, async () => 'result'), 'result')
})

test('one works at a time', async (t) => {
  const directory = makeDirectory(t)
  let atWork = 0
  let most = 0

  await Promise.all(
    Array.from({ length: 8 }, () =>
      withLock(directory, account, options, async () => {
        atWork += 1
        most = Math.max(most, atWork)
        await sleep(5)
        atWork -= 1
      }),
    ),
  )

  t.is(most, 1)
})

test('two accounts do not wait for each other', async (t) => {
  const directory = makeDirectory(t)
  const other = { protocol: 'https', host: 'git.acme.example' }
  t.is(
    await withLock(directory, account, options, () => withLock(directory, other, options, async () => 'both')),
    'both',
  )
})

/** A lock that a process with this number took here, and has not touched since. */
function plantLock(directory: string, pid: number | undefined): string {
  const path = `${recordPath(directory, account)}.lock`
  mkdirSync(path)
  if (pid !== undefined) writeOwner(path, { ...newOwner(), pid })
  return path
}

test('the lock of a process that was killed is taken over at once', async (t) => {
  const directory = makeDirectory(t)
  const path = plantLock(directory, spawnSync('true').pid)

  t.is(await withLock(directory, account, options, async () => 'result'), 'result')
  t.false(existsSync(path))
})

test('the lock of a process that lives is not taken over, however long ago it was touched by the clock', async (t) => {
  const directory = makeDirectory(t)
  const path = plantLock(directory, process.pid)
  for (const time of [new Date(0), new Date('2100-01-01')]) {
    utimesSync(path, time, time)

    await t.throwsAsync(
      withLock(directory, account, impatient, async () => t.fail()),
      { code: 'locked' },
    )
  }
})

test('an empty directory in the lock’s place is one that was being removed, and gives way', async (t) => {
  const directory = makeDirectory(t)
  plantLock(directory, undefined)

  t.is(await withLock(directory, account, options, async () => 'result'), 'result')
})

test('what a process left that was killed while it made the lock, or took one over, goes with the next holder', async (t) => {
  const directory = makeDirectory(t)
  const path = `${recordPath(directory, account)}.lock`
  for (const ending of ['.1', '.takeover']) {
    mkdirSync(`${path}${ending}`)
    utimesSync(`${path}${ending}`, 1, 1)
  }

  await withLock(directory, account, options, async () => {})

  t.deepEqual(readdirSync(directory), [])
})

test('a process of another machine may live, and so may one of an earlier start of this one', async (t) => {
  const directory = makeDirectory(t)
  const path = plantLock(directory, undefined)
  writeOwner(path, { ...newOwner(), pid: 1, machine: 'another' })

  await t.throwsAsync(
    withLock(directory, account, impatient, async () => t.fail()),
    { code: 'locked' },
  )
})

test('whoever was stopped while another took over knows it, and leaves the lock alone', async (t) => {
  const directory = makeDirectory(t)
  const path = `${recordPath(directory, account)}.lock`

  const result = await withLock(directory, account, options, async ({ isHeld }) => {
    t.true(isHeld())
    rmSync(path, { recursive: true })
    t.false(isHeld())
    plantLock(directory, process.pid)
    return isHeld()
  })

  t.false(result)
  t.true(existsSync(join(path, 'owner')), 'the other one still has it')
})

test('whoever waits takes what the other one made', async (t) => {
  const directory = makeDirectory(t)
  plantLock(directory, process.pid)
  let looks = 0

  const look = (): string | undefined => ((looks += 1) === 3 ? 'made' : undefined)
  t.is(await withLock(directory, account, { ...options, look }, async () => 'work'), 'made')
})

test('the wait has an end', async (t) => {
  const directory = makeDirectory(t)
  plantLock(directory, process.pid)

  const error = await t.throwsAsync(
    withLock(directory, account, { patience: 0.2, tell: () => {} }, async () => t.fail()),
  )

  t.regex(error.message, /^waited 0.2 seconds for another git process that renews the token or logs in$/)
})

test('a directory that cannot be made is a sentence', async (t) => {
  const directory = makeDirectory(t)
  writeFileSync(`${directory}/file`, '')

  const error = await t.throwsAsync(
    withLock(`${directory}/file/inner`, account, { patience: 1, tell: () => {} }, async () => t.fail()),
  )

  t.regex(error.message, /cannot be written to \(a file stands where a directory should be\)/)
})
