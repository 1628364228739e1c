import test, { type ExecutionContext } from 'ava'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isFailure } from '../../src/base/failure.ts'
import { findClientSecret, keepClientSecret, secretsPath } from '../../src/tokens/clientSecret.ts'
import { type Keyring, openKeyring } from '../../src/tokens/keyring/keyring.ts'
import { makeDirectory } from '../helpers/directory.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { takeTurn } from '../helpers/takeTurn.ts'

const ACCOUNT = { protocol: 'https', host: 'bitbucket.org' }
const ALICE = { ...ACCOUNT, username: 'alice' }
const CONSUMER = { clientId: 'key', clientSecret: 'the secret' }

const program = fileURLToPath(new URL('../../dist/keyringProcess.cjs', import.meta.url))

/** A real keyring, locked if so; or a machine that has none. */
async function makeKeyring(t: ExecutionContext, state: 'unlocked' | 'locked' | 'absent'): Promise<Keyring> {
  await takeTurn(t)
  const daemon = state === 'absent' ? undefined : await KeyringDaemon.start(t)
  const env = { PATH: process.env['PATH'] ?? '', ...daemon?.env }
  const keyring = openKeyring({ program, timeLimit: 60, env, tell: () => {} })
  t.teardown(() => keyring.close())
  if (state === 'locked') daemon?.lock()
  return keyring
}

test('a secret is kept in the keyring where there is one, and no file holds it', async (t) => {
  const data = makeDirectory(t)
  const keyring = await makeKeyring(t, 'unlocked')

  const place = await keepClientSecret({ choice: 'auto', data, keyring }, ACCOUNT, CONSUMER)

  t.is(place, 'keyring')
  t.deepEqual(readdirSync(data), [])
  t.is(await findClientSecret({ data, keyring }, ALICE, 'key'), 'the secret')
  t.is(await findClientSecret({ data, keyring }, ACCOUNT, 'another key'), undefined)
})

for (const [title, choice, state] of [
  ['there is no keyring', 'auto', 'absent'],
  ['a file is chosen', 'file', 'unlocked'],
] as const) {
  test(`a secret is kept in a file of the user's alone where ${title}`, async (t) => {
    const data = makeDirectory(t)
    const keyring = await makeKeyring(t, state)

    const place = await keepClientSecret({ choice, data, keyring }, ACCOUNT, CONSUMER)
    await keepClientSecret({ choice, data, keyring }, ACCOUNT, { clientId: 'other', clientSecret: 'other secret' })

    t.is(place, 'file')
    t.is(statSync(secretsPath({ data }, ACCOUNT)).mode & 0o777, 0o600)
    t.is(await findClientSecret({ data, keyring }, ACCOUNT, 'key'), 'the secret')
    t.is(await findClientSecret({ data, keyring }, ALICE, 'other'), 'other secret')
    t.is(await findClientSecret({ data, keyring }, ACCOUNT, 'third'), undefined)
  })
}

for (const [title, choice, state, code] of [
  ['a locked keyring is not worked around', 'auto', 'locked', 'keyring_refused'],
  ['whoever wants the keyring and nothing else gets no file', 'keyring', 'absent', 'keyring_absent'],
] as const) {
  test(title, async (t) => {
    const data = makeDirectory(t)
    const keyring = await makeKeyring(t, state)

    const failure = await t.throwsAsync(keepClientSecret({ choice, data, keyring }, ACCOUNT, CONSUMER))

    t.true(isFailure(failure) && failure.code === code)
    t.deepEqual(readdirSync(data), [])
  })
}

test('a secret that moves to the keyring leaves its file', async (t) => {
  const data = makeDirectory(t)
  const keyring = await makeKeyring(t, 'unlocked')
  await keepClientSecret({ choice: 'file', data, keyring }, ACCOUNT, { ...CONSUMER, clientSecret: 'an old one' })

  await keepClientSecret({ choice: 'auto', data, keyring }, ACCOUNT, CONSUMER)

  t.deepEqual(readdirSync(data), [])
  t.is(await findClientSecret({ data, keyring }, ACCOUNT, 'key'), 'the secret')
})

test('a file that was copied from another host tells no secret', async (t) => {
  const data = makeDirectory(t)
  const elsewhere = { protocol: 'https', host: 'git.acme.example' }
  const keyring = await makeKeyring(t, 'unlocked')
  await keepClientSecret({ choice: 'file', data, keyring }, elsewhere, CONSUMER)
  const text = readFileSync(secretsPath({ data }, elsewhere))
  writeFileSync(secretsPath({ data }, ACCOUNT), text, { mode: 0o600 })

  t.is(await findClientSecret({ data, keyring }, ACCOUNT, 'key'), undefined)
})
