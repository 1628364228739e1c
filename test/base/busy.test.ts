import test, { type ExecutionContext } from 'ava'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isBusy, replace, retryBusy } from '../../src/base/busy.ts'

/** A place with what is renamed, and that it is renamed to. */
function begin(t: ExecutionContext): { from: string; to: string } {
  const directory = mkdtempSync(join(tmpdir(), 'busy-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  return { from: join(directory, 'new'), to: join(directory, 'old') }
}

/** Renames as Windows does: not onto a directory, and not onto a file that somebody has open for so many tries. */
function onWindows(tries = 0): { platform: NodeJS.Platform; rename: typeof renameSync; tried: () => number } {
  let tried = 0
  const rename = (from: string, to: string): void => {
    tried += 1
    const isRefused = tried <= tries || statSync(to, { throwIfNoEntry: false })?.isDirectory() === true
    if (isRefused) throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
    renameSync(from, to)
  }
  return { platform: 'win32', rename: rename as typeof renameSync, tried: () => tried }
}

test('what somebody has open on Windows is replaced as soon as it is closed', (t) => {
  const { from, to } = begin(t)
  writeFileSync(from, 'new')
  writeFileSync(to, 'old')
  const system = onWindows(5)

  replace(from, to, system)

  t.is(readFileSync(to, 'utf8'), 'new')
  t.is(system.tried(), 6)
})

test('what stays open is left as it is', (t) => {
  const { from, to } = begin(t)
  writeFileSync(from, 'new')
  writeFileSync(to, 'old')
  const system = onWindows(Infinity)

  t.throws(() => replace(from, to, system), { code: 'EPERM' })

  t.is(readFileSync(to, 'utf8'), 'old')
  t.true(system.tried() > 10 && system.tried() < 100, `${system.tried()}`)
})

test('an empty directory is replaced by a directory, and nothing else by anything else', (t) => {
  const { from, to } = begin(t)
  for (const path of [from, to]) mkdirSync(path)
  writeFileSync(join(from, 'owner'), '')

  replace(from, to, onWindows())

  t.deepEqual(readdirSync(to), ['owner'])
  mkdirSync(from)
  t.throws(() => replace(from, to, onWindows()), { code: 'ENOTEMPTY' })
  t.throws(() => replace(from, to), { code: 'ENOTEMPTY' })
  rmSync(from, { recursive: true })
  writeFileSync(from, 'new')
  t.throws(() => replace(from, to, onWindows()), { code: 'EISDIR' })
  t.throws(() => replace(from, to), { code: 'EISDIR' })
  t.deepEqual(readdirSync(to), ['owner'])
})

test('elsewhere nothing is tried twice', (t) => {
  let tried = 0
  const refuse = (): never => {
    tried += 1
    throw Object.assign(new Error('EPERM'), { code: 'EPERM' })
  }

  t.throws(() => retryBusy(refuse, 'linux'), { code: 'EPERM' })

  t.is(tried, 1)
  t.false(isBusy(Object.assign(new Error('ENOENT'), { code: 'ENOENT' }), 'win32'))
})

test('what cannot be looked at for a moment is taken for busy, and not for a file', (t) => {
  const { from, to } = begin(t)
  for (const path of [from, to]) mkdirSync(path)
  writeFileSync(join(from, 'owner'), '')
  let tries = 0
  const rename = (one: string, other: string): void => {
    tries += 1
    if (tries === 1) renameSync(from, `${from}.away`)
    if (tries === 2) renameSync(`${from}.away`, from)
    if (tries < 3) throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
    renameSync(one, other)
  }

  replace(from, to, { platform: 'win32', rename: rename as typeof renameSync })

  t.is(tries, 3)
  t.deepEqual(readdirSync(to), ['owner'])
})
