import test from 'ava'
import { fileURLToPath } from 'node:url'
import { openKeyring } from '../../../src/tokens/keyring/keyring.ts'
import { readSplitText, removeSplitText, writeSplitText } from '../../../src/tokens/keyring/parts.ts'
import { KeyringDaemon } from '../../helpers/keyring.ts'

const program = fileURLToPath(new URL('../../../dist/keyringProcess.cjs', import.meta.url))

/** What Windows' Credential Manager takes, in characters. */
const LIMIT = 1280

function record(token: string): string {
  return JSON.stringify({ version: 1, username: 'Zoë \u{1F511}', token })
}

for (const length of [1, 2_500, 8_000, 60_000]) {
  test(`a token of ${length} bytes is split in a real keyring too`, async (t) => {
    const daemon = await KeyringDaemon.start(t)
    const env = { PATH: process.env['PATH'], ...daemon.env }
    const keyring = openKeyring({ program, timeLimit: 60, env, tell: (text) => t.regex(text, /^waiting for/) })
    t.teardown(() => keyring.close())
    const text = record('r'.repeat(length))

    await writeSplitText(keyring, 'name', record('an earlier one'.repeat(500)), LIMIT)
    await writeSplitText(keyring, 'name', text, LIMIT)

    const found = await readSplitText(keyring, 'name')
    t.deepEqual(typeof found === 'object' ? JSON.parse(found.text) : found, JSON.parse(text))
    await removeSplitText(keyring, 'name', LIMIT)
    t.is(await readSplitText(keyring, 'name'), undefined)
  })
}
