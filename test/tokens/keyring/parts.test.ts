import test from 'ava'
import type { Keyring } from '../../../src/tokens/keyring/keyring.ts'
import { readSplitText, removeSplitText, writeSplitText } from '../../../src/tokens/keyring/parts.ts'

/** What Windows' Credential Manager takes, in characters. */
const LIMIT = 1280

/** A keyring that holds no more than its limit in an entry, and goes down after so many changes. */
function makeKeyring(changes = Infinity): Keyring & { readonly entries: Map<string, string> } {
  const entries = new Map<string, string>()
  let left = changes
  const change = (work: () => void): void => {
    left -= 1
    if (left < 0) throw new Error('the keyring went down')
    work()
  }
  return {
    entries,
    read: async (name) => entries.get(name),
    write: async (name, text) =>
      change(() => {
        if (text.length > LIMIT) throw new Error(`${text.length} characters are too many`)
        entries.set(name, text)
      }),
    remove: async (name) => change(() => entries.delete(name)),
    close: () => {},
  }
}

function record(token: string): string {
  return JSON.stringify({ version: 1, username: 'Zoë \u{1F511}', token })
}

for (const length of [1, 2_500, 8_000, 60_000]) {
  test(`a token of ${length} bytes fits into entries of ${LIMIT} characters`, async (t) => {
    const keyring = makeKeyring()
    const text = record('r'.repeat(length))

    await writeSplitText(keyring, 'name', text, LIMIT)

    const found = await readSplitText(keyring, 'name')
    t.deepEqual(typeof found === 'object' ? JSON.parse(found.text) : found, JSON.parse(text))
    await removeSplitText(keyring, 'name', LIMIT)
    t.is(keyring.entries.size, 0)
  })
}

test('whenever the keyring goes down during a write, the old text or the new one is there, whole', async (t) => {
  const [old, next] = [record('o'.repeat(3_000)), record('n'.repeat(5_000))]
  const counts = { old: 0, new: 0 }
  for (let changes = 0; changes < 12; changes++) {
    const keyring = makeKeyring(4 + changes)
    await writeSplitText(keyring, 'name', old, LIMIT)

    const error = await writeSplitText(keyring, 'name', next, LIMIT).catch((failure: unknown) => failure)

    const found = await readSplitText(keyring, 'name')
    const token = typeof found === 'object' ? String(JSON.parse(found.text).token) : ''
    t.true(token === 'o'.repeat(3_000) || token === 'n'.repeat(5_000), `${changes}: ${String(error)}`)
    counts[token.startsWith('o') ? 'old' : 'new'] += 1
  }
  t.true(counts.old > 0 && counts.new > 0)
})

test('what a keyring that went down left half-written is gone after the next write and a removal', async (t) => {
  const keyring = makeKeyring(6)
  await writeSplitText(keyring, 'name', record('o'.repeat(3_000)), LIMIT)
  await t.throwsAsync(writeSplitText(keyring, 'name', record('n'.repeat(5_000)), LIMIT))
  const back = { ...makeKeyring(), ...readerOf(keyring.entries) }

  await writeSplitText(back, 'name', record('l'.repeat(3_000)), LIMIT)
  await removeSplitText(back, 'name', LIMIT)

  t.deepEqual([...keyring.entries.keys()], [])
})

function readerOf(entries: Map<string, string>): Omit<Keyring, 'close'> {
  return {
    read: async (name) => entries.get(name),
    write: async (name, text) => void entries.set(name, text),
    remove: async (name) => void entries.delete(name),
  }
}

for (const [title, damage] of [
  ['a part is missing', (entries: Map<string, string>, part: string) => entries.delete(part)],
  ['a part belongs to another text', (entries: Map<string, string>, part: string) => entries.set(part, 'x')],
] as const) {
  test(`where ${title}, the text is damaged rather than short`, async (t) => {
    const keyring = makeKeyring()
    await writeSplitText(keyring, 'name', record('r'.repeat(3_000)), LIMIT)
    const part = [...keyring.entries.keys()].find((name) => name !== 'name') ?? ''

    damage(keyring.entries, part)

    t.is(await readSplitText(keyring, 'name'), 'damaged')
  })
}
