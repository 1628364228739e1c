import test from 'ava'
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isFailure } from '../../../src/base/failure.ts'
import { followOwnLink, isGuarded } from '../../../src/base/ownPath.ts'
import { openDevice } from '../../../src/cli/download/outputPath.ts'
import { pinOwnDirectory } from '../../../src/cli/download/pinned.ts'
import { makeWhole, writeDevice, writeFile } from '../../../src/cli/download/wholeFile.ts'
import { makeDirectory } from '../../helpers/directory.ts'

/** Another user of the machine. These tests run as root, which alone can give something away. */
const STRANGER = 1001

/** More than any process has. */
const GONE = 4_194_305

async function write(path: string, text: string): Promise<void> {
  await makeWhole(path, (draft) => writeFile(draft, pieces(text), false))
}

async function* pieces(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(text)
}

for (const mode of [0o777, 0o1777, 0o755]) {
  test(`what another user put beside an output stays, and is no failure: mode ${mode.toString(8)}`, async (t) => {
    const directory = makeDirectory(t)
    chmodSync(directory, mode)
    const planted = join(directory, `out.${GONE}-0123456789ab.part`)
    mkdirSync(planted)
    writeFileSync(join(planted, 'theirs'), '')
    const file = join(directory, `out.${GONE}-ba9876543210.part`)
    writeFileSync(file, '')
    for (const path of [planted, file]) chownSync(path, STRANGER, STRANGER)

    await write(join(directory, 'out'), 'new')

    t.is(readFileSync(join(directory, 'out'), 'utf8'), 'new')
    t.true(existsSync(join(planted, 'theirs')))
    t.true(existsSync(file))
  })
}

test('what looks like a leftover and is none stays: a link, a plain file, a directory that others can write in', async (t) => {
  const directory = makeDirectory(t)
  const home = join(directory, 'home')
  mkdirSync(home, { mode: 0o700 })
  writeFileSync(join(home, 'precious'), '')
  symlinkSync('home', join(directory, `out.${GONE}-000000000001.part`))
  writeFileSync(join(directory, `out.${GONE}-000000000002.part`), '')
  mkdirSync(join(directory, `out.${GONE}-000000000003.part`), { mode: 0o777 })
  chmodSync(join(directory, `out.${GONE}-000000000003.part`), 0o777)
  mkdirSync(join(directory, `out.${GONE}-000000000004.part`), { mode: 0o700 })

  await write(join(directory, 'out'), 'new')

  t.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.part')),
    [1, 2, 3].map((number) => `out.${GONE}-00000000000${number}.part`),
  )
  t.true(existsSync(join(home, 'precious')))
})

test('where others can write, not even an own leftover is removed: it could be swapped meanwhile', async (t) => {
  const directory = makeDirectory(t)
  chmodSync(directory, 0o777)
  const leftover = join(directory, `out.${GONE}-0123456789ab.part`)
  mkdirSync(leftover, { mode: 0o700 })

  await write(join(directory, 'out'), 'new')

  t.true(existsSync(leftover))
})

test('a draft lies where nobody else can write', async (t) => {
  const directory = makeDirectory(t)
  let mode = 0

  await makeWhole(join(directory, 'out'), async (draft) => {
    mode = statSync(dirname(draft)).mode
    await writeFile(draft, pieces('new'), false)
  })

  t.is(mode & 0o777, 0o700)
  t.deepEqual(readdirSync(directory), ['out'])
})

test('a link is followed where it and its directory are the user’s own, and nowhere else', (t) => {
  const directory = makeDirectory(t)
  const shared = join(directory, 'shared')
  mkdirSync(shared)
  writeFileSync(join(directory, 'target'), '')
  for (const [place, name] of [
    [directory, 'own'],
    [directory, 'theirs'],
    [shared, 'own'],
    [shared, 'theirs'],
  ] as const) {
    symlinkSync(join(directory, 'target'), join(place, name))
    if (name === 'theirs') lchownSync(join(place, name), STRANGER, STRANGER)
  }
  const followed = (): string[] =>
    [directory, shared].flatMap((place) => ['own', 'theirs'].map((name) => followOwnLink(join(place, name))))
  const target = join(directory, 'target')

  chmodSync(shared, 0o1777)
  t.deepEqual(followed(), [target, join(directory, 'theirs'), target, join(shared, 'theirs')])
  chmodSync(shared, 0o777)
  t.deepEqual(followed(), [target, join(directory, 'theirs'), join(shared, 'own'), join(shared, 'theirs')])
})

// All users can write in the second one, and the devices beside it are no files of theirs.
for (const [title, root] of [
  ['in a directory', tmpdir()],
  ['in shared memory', '/dev/shm'],
] as const) {
  test(`nothing is written into another user’s pipe: ${title}`, async (t) => {
    const directory = mkdtempSync(join(root, 'pipe-'))
    t.teardown(() => rmSync(directory, { recursive: true }))
    const path = join(directory, 'pipe')
    execFileSync('mkfifo', [path])
    chownSync(path, STRANGER, STRANGER)
    const reader = spawn('cat', [path], { stdio: 'ignore' })
    t.teardown(() => reader.kill())

    const error = await t.throwsAsync(openDevice(path))

    t.true(isFailure(error))
    t.is(error.message, `${path} belongs to another user, so nothing is written there`)
  })
}

test('a pipe that is taken away before it is opened is a sentence', async (t) => {
  const path = join(makeDirectory(t), 'pipe')

  const error = await t.throwsAsync(writeDevice(path, pieces('new')))

  t.true(isFailure(error))
  t.is(error.message, `${path} cannot be written: it is not there any more`)
})

test('a directory that another user puts in the place of the draft’s, or of the one above, gets nothing', async (t) => {
  for (const depth of ['room', 'above'] as const) {
    const directory = makeDirectory(t)
    const victim = join(directory, 'victim')
    const shared = join(directory, 'shared')
    for (const path of [victim, shared, join(victim, 'draft')]) mkdirSync(path)
    writeFileSync(join(victim, 'draft/precious'), 'precious')
    writeFileSync(join(victim, 'out'), 'precious')

    await makeWhole(join(shared, 'out'), async (draft) => {
      const [room = ''] = readdirSync(shared)
      const replaced = depth === 'room' ? join(shared, room) : shared
      renameSync(replaced, `${replaced}.moved`)
      symlinkSync(victim, replaced)
      await writeFile(draft, pieces('new'), false)
    })

    const out = depth === 'room' ? join(shared, 'out') : join(directory, 'shared.moved/out')
    t.is(readFileSync(out, 'utf8'), 'new')
    t.is(readFileSync(join(victim, 'out'), 'utf8'), 'precious')
    t.is(readFileSync(join(victim, 'draft/precious'), 'utf8'), 'precious')
    t.deepEqual(readdirSync(victim), ['draft', 'out'])
  }
})

test('another user’s directory that was put in the place of the draft’s before its first byte is not used', async (t) => {
  const directory = makeDirectory(t)
  const theirs = join(directory, 'theirs')
  mkdirSync(theirs)
  chownSync(theirs, STRANGER, STRANGER)
  symlinkSync(directory, join(directory, 'link'))

  t.throws(() => pinOwnDirectory(theirs), { code: 'EPERM' })
  t.throws(() => pinOwnDirectory(join(directory, 'link')), { code: 'ENOTDIR' })
})

test('a directory that a group can write in is guarded only where the group is the user’s own', (t) => {
  const directory = makeDirectory(t)
  chmodSync(directory, 0o775)

  t.true(isGuarded(statSync(directory)))
  chownSync(directory, process.getuid?.() ?? 0, STRANGER)
  t.false(isGuarded(statSync(directory)))
})
