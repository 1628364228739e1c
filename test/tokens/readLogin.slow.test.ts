import test, { type ExecutionContext } from 'ava'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isFailure } from '../../src/base/failure.ts'
import { type Account, accountUrl } from '../../src/tokens/account.ts'
import { type Keyring, openKeyring } from '../../src/tokens/keyring/keyring.ts'
import { readLogin } from '../../src/tokens/readLogin.ts'
import { recordPath } from '../../src/tokens/recordFile.ts'
import type { LoginStorage, StoreChoice } from '../../src/tokens/storage.ts'
import type { Login, StoredLogin } from '../../src/tokens/storedLogin.ts'
import { chooseStore, moveLogin, writeLogin } from '../../src/tokens/writeLogin.ts'
import { makeDirectory } from '../helpers/directory.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { takeTurn } from '../helpers/takeTurn.ts'

const account = { protocol: 'https', host: 'bitbucket.org' }
const alice = { ...account, username: 'alice@acme.example' }
const login: Login = { clientId: 'key', refreshToken: 'r'.repeat(2600), previous: undefined }

type Keeping = { readonly storage: LoginStorage; readonly told: string[]; readonly daemon: KeyringDaemon | undefined }

const program = fileURLToPath(new URL('../../dist/keyringProcess.cjs', import.meta.url))

/** A vault; with a real keyring where the store is one, and a machine without a session bus where it is not. */
async function makeVault(
  t: ExecutionContext,
  store: 'keyring' | 'file',
  choice: StoreChoice = store,
): Promise<Keeping> {
  await takeTurn(t)
  const daemon = store === 'keyring' ? await KeyringDaemon.start(t) : undefined
  const told: string[] = []
  const tell = (text: string): void => void told.push(text)
  const keyring = openFor(t, daemon)
  return {
    storage: { choice, keyring, data: makeDirectory(t), runtime: makeDirectory(t), tell },
    told,
    daemon,
  }
}

/** @param timeLimit for an answer, in seconds: longer than one takes, unless it shall not come */
function openFor(t: ExecutionContext, daemon: KeyringDaemon | undefined, timeLimit = 60): Keyring {
  const env = { PATH: process.env['PATH'] ?? '', ...daemon?.env }
  const keyring = openKeyring({ program, timeLimit, env, tell: () => {} })
  t.teardown(() => keyring.close())
  return keyring
}

async function save(storage: LoginStorage, whose: Account, what = login, issued = 0): Promise<void> {
  const found = await readLogin(storage, whose)
  const store = await chooseStore(storage, whose, found)
  const kept = found === undefined ? undefined : await moveLogin(storage, whose, found, store)
  await writeLogin(storage, whose, { login: what, issued }, store, kept)
}

/** Puts a text where the store keeps the account's login. */
async function plant({ storage, daemon }: Keeping, text: string): Promise<void> {
  if (daemon === undefined) writeFileSync(recordPath(storage.data, account), text, { mode: 0o600 })
  else await storage.keyring.write(accountUrl(account), text)
}

for (const store of ['file', 'keyring'] as const) {
  for (const length of [1, 2_500, 8_000, 60_000]) {
    test(`${store}: a token of ${length} bytes is read as it was written`, async (t) => {
      const { storage } = await makeVault(t, store)
      const long = { ...login, refreshToken: 'r'.repeat(length) }

      await save(storage, account, long)

      t.like(await readLogin(storage, account), { login: long, place: store, generation: 1 })
    })
  }

  test(`${store}: no login is no complaint`, async (t) => {
    const { storage, told } = await makeVault(t, store)

    t.is(await readLogin(storage, account), undefined)
    t.deepEqual(told, [])
  })

  test(`${store}: a later login takes the place of an earlier one, and keeps what it replaced`, async (t) => {
    const { storage } = await makeVault(t, store)
    const later = { ...login, refreshToken: 's', previous: { refreshToken: 'r', replacedAt: 1_900_000_000 } }

    await save(storage, account)
    await save(storage, account, later)

    t.deepEqual(await readLogin(storage, account), { login: later, place: store, generation: 2 })
  })

  test(`${store}: two accounts of a host do not know each other`, async (t) => {
    const { storage } = await makeVault(t, store)
    const hers = { ...login, refreshToken: 'hers' }

    await save(storage, account)
    await save(storage, alice, hers)

    t.like(await readLogin(storage, account), { login })
    t.like(await readLogin(storage, alice), { login: hers })
  })

  for (const [title, text] of [
    ['nothing', ''],
    ['half a record', JSON.stringify({ version: 1, ...account, ...login }).slice(0, 1000)],
    ['a record of another host', JSON.stringify({ version: 1, protocol: 'https', host: 'evil.example', ...login })],
    ['a record of another user', JSON.stringify({ version: 1, ...alice, ...login })],
    ['a record without a token', JSON.stringify({ version: 1, ...account, clientId: 'key' })],
    ['a directory of parts that are not there', JSON.stringify({ set: 'a', parts: 2, digest: 'x' })],
  ] as const) {
    test(`${store}: ${title} in the place of a login is set aside, and the user is told where`, async (t) => {
      const keeping = await makeVault(t, store)
      const { storage, told } = keeping
      await plant(keeping, text)

      t.is(await readLogin(storage, account), undefined)

      t.is(told.length, 1)
      const aside = /; it was set aside as "?([^"]*)"?$/.exec(told[0] ?? '')?.[1] ?? ''
      t.is(store === 'file' ? readFileSync(aside, 'utf8') : await storage.keyring.read(aside), text)
      t.is(await readLogin(storage, account), undefined, 'once is enough')
      t.is(told.length, 1)
    })
  }

  test(`${store}: a record of a newer version is left alone, and no login is asked for`, async (t) => {
    const keeping = await makeVault(t, store)
    const text = JSON.stringify({ version: 2, ...account, secrets: 'elsewhere' })
    await plant(keeping, text)

    const error = await t.throwsAsync(readLogin(keeping.storage, account))

    t.true(isFailure(error))
    t.regex(error.message, /newer version/)
    const { storage } = keeping
    t.is(
      store === 'file'
        ? readFileSync(recordPath(storage.data, account), 'utf8')
        : await storage.keyring.read(accountUrl(account)),
      text,
    )
  })
}

test('file: a record that others could read is a failure, not a reason to log in', async (t) => {
  const { storage } = await makeVault(t, 'file')
  writeFileSync(recordPath(storage.data, account), JSON.stringify({ version: 1, ...account, ...login }), {
    mode: 0o644,
  })

  const error = await t.throwsAsync(readLogin(storage, account))

  t.true(isFailure(error))
  t.false(error.message.includes('rrrr'))
})

test('keyring: nothing secret is on the disk', async (t) => {
  const { storage } = await makeVault(t, 'keyring')

  await save(storage, account)

  for (const directory of [storage.data, storage.runtime]) {
    for (const name of readdirSync(directory))
      t.false(readFileSync(join(directory, name), 'utf8').includes('rrrr'), name)
  }
})

test('auto: the keyring where one answers, a file where none does', async (t) => {
  const inFile = await makeVault(t, 'file', 'auto')
  const inKeyring = await makeVault(t, 'keyring', 'auto')

  for (const { storage } of [inFile, inKeyring]) await save(storage, account)

  t.is((await readLogin(inFile.storage, account))?.place, 'file')
  t.is((await readLogin(inKeyring.storage, account))?.place, 'keyring')
})

for (const [title, choice, hasRecord] of [
  ['a keyring that appears later', 'auto', false],
  ['the setting keyring', 'keyring', false],
  ['the setting file', 'file', true],
] as const) {
  test(`${title} takes the login along, and leaves nothing behind`, async (t) => {
    const toFile = choice === 'file'
    const { storage, daemon } = await makeVault(t, 'keyring')
    const before: LoginStorage = {
      ...storage,
      choice: toFile ? 'keyring' : 'auto',
      keyring: openFor(t, toFile ? daemon : undefined),
    }
    const after: LoginStorage = { ...storage, choice }
    await save(before, account)
    t.is((await readLogin(before, account))?.place, toFile ? 'keyring' : 'file')

    const moved = await readLogin(after, account)
    t.like(moved, { login })
    await save(after, account, { ...login, refreshToken: 's' })

    t.like(await readLogin(after, account), { login: { refreshToken: 's' }, place: toFile ? 'file' : 'keyring' })
    t.is((await storage.keyring.read(accountUrl(account))) === undefined, toFile)
    t.is(readFileSync(recordPath(storage.data, account), 'utf8').includes('refreshToken'), hasRecord)
  })
}

for (const [title, trouble, expected] of [
  ['locked', (daemon: KeyringDaemon) => daemon.lock(), /cannot be used \([^\n]*unlock prompt was dismissed\)$/],
  ['gone', (daemon: KeyringDaemon) => daemon.kill(), /does not answer \(/],
  [
    'frozen',
    (daemon: KeyringDaemon) => daemon.freeze(),
    /(does not answer \([^\n]*did not send a reply|no answer within 3 seconds)/,
  ],
] as const) {
  for (const choice of ['auto', 'keyring'] as const) {
    test(`${choice}: a keyring that is ${title} is not an empty one: nothing is deleted, and it is good again later`, async (t) => {
      const { storage, daemon, told } = await makeVault(t, 'keyring', choice)
      await save(storage, account)
      const before = readFileSync(recordPath(storage.data, account), 'utf8')
      await trouble(daemon as KeyringDaemon)

      const keyring = openFor(t, daemon, title === 'frozen' ? 3 : 60)
      const error = await t.throwsAsync(readLogin({ ...storage, keyring }, account))

      t.true(isFailure(error))
      t.regex(error.message, expected)
      t.is(readFileSync(recordPath(storage.data, account), 'utf8'), before)
      await daemon?.kill()
      await daemon?.startDaemon()
      t.like(await readLogin({ ...storage, keyring: openFor(t, daemon) }, account), { login, place: 'keyring' })
      t.deepEqual(told, [])
    })
  }
}

test('auto: nobody new is sent into a file while there is a keyring that is locked', async (t) => {
  const { storage, daemon } = await makeVault(t, 'keyring', 'auto')
  daemon?.lock()

  const error = await t.throwsAsync(chooseStore(storage, account, undefined))

  t.regex(error.message, /cannot be used/)
  t.deepEqual(readdirSync(storage.data), [])
})

test('auto: a keyring that has nowhere to put anything is none to somebody new', async (t) => {
  const { storage, daemon } = await makeVault(t, 'keyring', 'auto')
  await daemon?.kill()
  await daemon?.startDaemon(false)

  t.is(await chooseStore(storage, account, undefined), 'file')
})

test('auto: a keyring that knows nothing of a login that should be in it, and takes none, sends nobody to log in', async (t) => {
  const { storage, daemon } = await makeVault(t, 'keyring', 'auto')
  await save(storage, account)
  await daemon?.kill()
  await daemon?.startDaemon(false)
  t.is(await readLogin(storage, account), undefined)

  const error = await t.throwsAsync(chooseStore(storage, account, undefined))

  t.regex(error.message, /^the system's keyring cannot be used/)
  await daemon?.kill()
  await daemon?.startDaemon()
  t.like(await readLogin(storage, account), { login, place: 'keyring' })
})

test('auto: a login that is in a file stays usable while the keyring is locked', async (t) => {
  const { storage, daemon } = await makeVault(t, 'keyring', 'auto')
  await save({ ...storage, choice: 'file' }, account)
  daemon?.lock()

  await save(storage, account, { ...login, refreshToken: 's' })

  t.like(await readLogin(storage, account), { login: { refreshToken: 's' }, place: 'file' })
})

test('auto: a keyring that goes down between the trial and the save: the login is in a file, and the user knows', async (t) => {
  const { storage, daemon, told } = await makeVault(t, 'keyring', 'auto')
  await save(storage, account)
  const kept = await readLogin(storage, account)
  const store = await chooseStore(storage, account, kept)
  await daemon?.kill()
  const newer = { ...login, refreshToken: 'newer' }

  t.is(await writeLogin(storage, account, { login: newer, issued: 0 }, store, kept), 'file')

  t.is(told.length, 1)
  t.regex(told[0] ?? '', /^the system's keyring [^;]+; the new login is kept in a file that only you can read: /)
  await daemon?.startDaemon()
  const back = { ...storage, keyring: openFor(t, daemon) }
  t.like(await readLogin(back, account), { login: newer, place: 'file' }, 'the newer one counts')
  await save(back, account, { ...login, refreshToken: 'newest' })
  t.like(await readLogin(back, account), { login: { refreshToken: 'newest' }, place: 'keyring' })
})

test('keyring: one that goes down between the trial and the save gets no file; the user knows how long to mend it', async (t) => {
  const { storage, daemon } = await makeVault(t, 'keyring')
  await save(storage, account)
  const kept = await readLogin(storage, account)
  const store = await chooseStore(storage, account, kept)
  await daemon?.kill()

  const error = await t.throwsAsync(
    writeLogin(storage, account, { login: { ...login, refreshToken: 'newer' }, issued: 0 }, store, kept),
  )

  if (!isFailure(error)) throw error
  t.regex(error.message, /^the new login could not be saved: the system's keyring/)
  t.regex(error.hints.join('\n'), /ten minutes/)
  t.false(readFileSync(recordPath(storage.data, account), 'utf8').includes('newer'))
})

for (const [title, before, after] of [
  ['a file to the keyring', 'file', 'keyring'],
  ['the keyring to a file', 'keyring', 'file'],
] as const) {
  test(`before its refresh token is spent, a login moves from ${title} as it is`, async (t) => {
    const { storage } = await makeVault(t, 'keyring')
    await save({ ...storage, choice: before }, account)
    const found = await readLogin({ ...storage, choice: 'auto' }, account)
    if (found === undefined) throw new Error('it was saved')

    const settled = await moveLogin({ ...storage, choice: after }, account, found, after)

    t.deepEqual(settled, { ...found, place: after })
    t.deepEqual(await readLogin({ ...storage, choice: after }, account), settled)
    t.is((await storage.keyring.read(accountUrl(account))) === undefined, after === 'file')
    t.is(readFileSync(recordPath(storage.data, account), 'utf8').includes('rrrr'), after === 'file')
  })
}

test('what a process had written that was killed before it could put it into its place is not lost', async (t) => {
  const { storage } = await makeVault(t, 'file')
  await save(storage, account)
  const newer = { ...login, refreshToken: 'newer' }
  const text = JSON.stringify({ version: 1, ...account, generation: 9, ...newer })
  writeFileSync(`${recordPath(storage.data, account)}.4242.new`, text, { mode: 0o600 })
  writeFileSync(`${recordPath(storage.data, account)}.4243.new`, text.slice(0, 50), { mode: 0o600 })

  const found = await readLogin(storage, account)
  t.like(found, { login: newer, generation: 9 })
  await moveLogin(storage, account, found as StoredLogin, 'file')

  t.like(await readLogin(storage, account), { login: newer, place: 'file', generation: 9 })
  t.is(readdirSync(storage.data).length, 1)
})

test('the keyring is not used where nothing could say that it is', async (t) => {
  const { storage } = await makeVault(t, 'keyring')
  writeFileSync(join(storage.data, 'file'), '')

  await t.throwsAsync(chooseStore({ ...storage, data: join(storage.data, 'file') }, account, undefined))

  t.is(await storage.keyring.read(accountUrl(account)), undefined)
})

test('a login that was made while the one before could not be found is the newer one', async (t) => {
  const { storage } = await makeVault(t, 'keyring')
  for (let round = 0; round < 3; round++) await save(storage, account)
  rmSync(recordPath(storage.data, account))
  const fresh = { ...login, refreshToken: 'fresh' }

  await save({ ...storage, choice: 'file' }, account, fresh, 1_900_000_000)

  t.like(await readLogin({ ...storage, choice: 'auto' }, account), { login: fresh, place: 'file' })
})

test('where the library is not installed, no keyring answers', async (t) => {
  const directory = makeDirectory(t)
  cpSync(join(program, '..'), directory, { recursive: true })
  const keyring = openKeyring({
    program: join(directory, 'keyringProcess.cjs'),
    timeLimit: 3,
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' },
    tell: () => {},
  })
  t.teardown(() => keyring.close())

  const error = await t.throwsAsync(keyring.read('name'))

  t.true(isFailure(error))
  t.regex(error.message, /does not answer \(Cannot find module '@napi-rs\/keyring'/)
})
