import test from 'ava'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { isFailure } from '../../src/base/failure.ts'
import { probePrivateFile, readPrivateFile, removePrivateFile, writePrivateFile } from '../../src/base/privateFile.ts'
import { makeDirectory } from '../helpers/directory.ts'
import { makeForeignDirectory } from '../helpers/foreign.ts'

test('what is written is read, and nobody else can read it', (t) => {
  const directory = join(makeDirectory(t), 'a', 'b')
  const path = join(directory, 'file')

  writePrivateFile(path, 'text')

  t.is(readPrivateFile(path), 'text')
  t.is(statSync(path).mode & 0o777, 0o600)
  t.is(statSync(directory).mode & 0o777, 0o700)
  t.deepEqual(readdirSync(directory), ['file'])
})

test('a new text takes the place of the old one', (t) => {
  const path = join(makeDirectory(t), 'file')
  writePrivateFile(path, 'a long old text')

  writePrivateFile(path, 'new')

  t.is(readPrivateFile(path), 'new')
})

test('a file that is not there is undefined', (t) => {
  const directory = makeDirectory(t)

  t.is(readPrivateFile(join(directory, 'file')), undefined)
  t.is(readPrivateFile(join(directory, 'missing', 'file')), undefined)
  t.is(readPrivateFile(join(directory, 'x'.repeat(300))), undefined)
})

test('removing is done when it is gone', (t) => {
  const path = join(makeDirectory(t), 'file')
  writePrivateFile(path, 'text')

  removePrivateFile(path)
  removePrivateFile(path)

  t.is(readPrivateFile(path), undefined)
})

for (const [title, plant, complaint] of [
  ['a directory', (path: string) => mkdirSync(path), /is not a plain file|is a directory/],
  ['a symbolic link', (path: string) => symlinkSync('/etc/hostname', path), /it is a symbolic link/],
  ['a named pipe', (path: string) => spawnSync('mkfifo', ['-m', '600', path]), /is not a plain file/],
  ['a file that others can read', (path: string) => writeFileSync(path, '{}', { mode: 0o644 }), /by other users/],
] as const) {
  test(`${title} is not read, and stays`, (t) => {
    const path = join(makeDirectory(t), 'file')
    plant(path)

    const error = t.throws(() => readPrivateFile(path))

    t.true(isFailure(error))
    t.regex(error.message, complaint)
    t.deepEqual(readdirSync(join(path, '..')), ['file'])
  })
}

test('a link that was planted is replaced, not followed', (t) => {
  const directory = makeDirectory(t)
  const target = join(directory, 'target')
  writeFileSync(target, 'untouched')
  symlinkSync(target, join(directory, 'file'))

  writePrivateFile(join(directory, 'file'), 'secret')

  t.is(readFileSync(target, 'utf8'), 'untouched')
  t.is(readPrivateFile(join(directory, 'file')), 'secret')
})

test('a directory that others can change takes no secret', (t) => {
  const directory = makeDirectory(t)
  chmodSync(directory, 0o777)

  for (const write of [writePrivateFile, (path: string) => probePrivateFile(path, 1)]) {
    const error = t.throws(() => write(join(directory, 'file'), 'secret'))

    t.regex(error.message, /can be changed by other users/)
    t.deepEqual(readdirSync(directory), [])
  }
})

test('nothing is made among another user’s things', (t) => {
  const foreign = makeForeignDirectory(t)
  const path = join(foreign, 'ours', 'file')

  const error = t.throws(() => writePrivateFile(path, 'secret'))

  t.true(isFailure(error))
  // For root: it could, but the other user could not use it any more. For everybody else: it cannot.
  t.regex(error.message, /belongs to another user|permission denied/)
  t.false(existsSync(join(foreign, 'ours')))
})

test('the probe finds a directory in the file’s place, and leaves nothing behind', (t) => {
  const directory = makeDirectory(t)
  mkdirSync(join(directory, 'file'))

  const error = t.throws(() => probePrivateFile(join(directory, 'file'), 1))

  t.true(isFailure(error))
  t.deepEqual(readdirSync(directory), ['file'])
})

test('a probe changes nothing', (t) => {
  const path = join(makeDirectory(t), 'file')
  writePrivateFile(path, 'text')

  probePrivateFile(path, 1000)

  t.is(readPrivateFile(path), 'text')
  t.deepEqual(readdirSync(join(path, '..')), ['file'])
})

test('a file in the place of the directory is a sentence', (t) => {
  const directory = makeDirectory(t)
  writeFileSync(join(directory, 'file'), '')

  const error = t.throws(() => writePrivateFile(join(directory, 'file', 'inner'), 'secret'))

  t.true(isFailure(error))
  t.regex(error.message, /a file stands where a directory should be/)
})

test('on a full disk the old text stays whole', (t) => {
  const path = join(makeDirectory(t), 'file')
  writePrivateFile(path, 'old')
  const program = `
    import { writePrivateFile } from ${JSON.stringify(new URL('../../src/base/privateFile.ts', import.meta.url).href)}
    process.on('SIGXFSZ', () => {})
    try { writePrivateFile(${JSON.stringify(path)}, 'x'.repeat(60_000)) } catch (error) { console.log(error.message) }
  `

  // A limit on the size of files is what every system has; it stops a write half-way as a full disk does.
  const { stdout, status } = spawnSync(
    'sh',
    [
      '-c',
      'ulimit -f 16; exec "$@"',
      'sh',
      process.execPath,
      '--import=ts-blank-space/register',
      '--input-type=module',
      '-e',
      program,
    ],
    { encoding: 'utf8' },
  )

  t.is(status, 0)
  t.regex(stdout, /cannot be used: it would exceed the file size limit/)
  t.is(readPrivateFile(path), 'old')
  t.deepEqual(readdirSync(join(path, '..')), ['file'])
})
