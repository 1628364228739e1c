import test from 'ava'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { withLock } from '../../src/tokens/lock.ts'
import { recordPath } from '../../src/tokens/record.ts'
import { makeDirectory } from '../helpers/directory.ts'

const account = { protocol: 'https', host: 'bitbucket.org' }

test('the result of the work is the result', async (t) => {
  const options = { patience: 1, tell: () => {} }

  t.is(await withLock(makeDirectory(t), account, options, async () => 'result'), 'result')
})

test('a lock is given back after a failure', async (t) => {
  const directory = makeDirectory(t)
  const options = { patience: 1, tell: () => {} }
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
      withLock(directory, account, { patience: 30, tell: () => {} }, async () => {
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
  const options = { patience: 1, tell: () => {} }

  t.is(
    await withLock(directory, account, options, () => withLock(directory, other, options, async () => 'both')),
    'both',
  )
})

test('the lock of a process that was killed is taken over', async (t) => {
  const directory = makeDirectory(t)
  const lock = `${recordPath(directory, account)}.lock`
  mkdirSync(lock)
  const longAgo = new Date(Date.now() - 60_000)
  utimesSync(lock, longAgo, longAgo)

  t.is(await withLock(directory, account, { patience: 1, tell: () => {} }, async () => 'result'), 'result')
})

test('the wait has an end', async (t) => {
  const directory = makeDirectory(t)
  mkdirSync(`${recordPath(directory, account)}.lock`)

  const error = await t.throwsAsync(
    withLock(directory, account, { patience: 0.2, tell: () => {} }, async () => t.fail()),
  )

  t.regex(error.message, /^waited 0.2 seconds for another git process that renews the token or logs in$/)
})

test('an error that no waiting mends is told at once', async (t) => {
  const directory = makeDirectory(t)
  // A file in the lock's place: the library can neither make its directory nor take this one over.
  const lock = `${recordPath(directory, account)}.lock`
  writeFileSync(lock, '')
  const longAgo = new Date(Date.now() - 60_000)
  utimesSync(lock, longAgo, longAgo)
  const start = performance.now()

  const error = await t.throwsAsync(withLock(directory, account, { patience: 60, tell: t.fail }, async () => t.fail()))

  t.regex(error.message, /cannot be written to \(ENOTDIR\)/)
  t.true(performance.now() - start < 10_000)
})

test('a directory that cannot be made is a sentence', async (t) => {
  const directory = makeDirectory(t)
  writeFileSync(`${directory}/file`, '')

  const error = await t.throwsAsync(
    withLock(`${directory}/file/inner`, account, { patience: 1, tell: () => {} }, async () => t.fail()),
  )

  t.regex(error.message, /cannot be written to \(ENOTDIR\)/)
})
