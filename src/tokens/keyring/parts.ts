import { createHash } from 'node:crypto'
import { parseObject } from '../../base/json.ts'
import type { Keyring } from './keyring.ts'

/**
 * The longest text that an entry takes, in characters. Windows' Credential Manager holds 2,560 bytes in one, at two for
 * each character (CRED_MAX_CREDENTIAL_BLOB_SIZE); the others hold whatever comes.
 */
export const ENTRY_LIMIT = process.platform === 'win32' ? 1280 : Infinity

/** The entry under the name of a split text: where its parts are, and how to check them. */
type Directory = { readonly set: string; readonly parts: number; readonly digest: string }

/** A new set of parts never touches the set that is whole. */
const SETS = ['a', 'b'] as const

/**
 * Reads a text that {@link writeSplitText} wrote.
 *
 * @returns undefined where there is none, `damaged` where parts are missing or belong to another text
 * @throws Failure as the keyring does
 */
export async function readSplitText(keyring: Keyring, name: string): Promise<{ text: string } | 'damaged' | undefined> {
  const entry = await keyring.read(name)
  if (entry === undefined) return undefined
  const directory = parseDirectory(entry)
  if (directory === undefined) return { text: entry }
  let text = ''
  for (let part = 1; part <= directory.parts; part++)
    text += (await keyring.read(partName(name, directory.set, part))) ?? ''
  return digestOf(text) === directory.digest ? { text } : 'damaged'
}

/**
 * Writes a JSON text of any length, whole or not at all. The entry under its name is written last. Then the parts of the
 * old text are removed.
 *
 * @param limit the longest entry, in characters
 * @throws Failure as the keyring does
 */
export async function writeSplitText(keyring: Keyring, name: string, json: string, limit = ENTRY_LIMIT): Promise<void> {
  const text = toAscii(json)
  const old = limit === Infinity ? undefined : parseDirectory((await keyring.read(name)) ?? '')
  if (text.length <= limit) await keyring.write(name, text)
  else {
    const set = old?.set === SETS[0] ? SETS[1] : SETS[0]
    const parts = Math.ceil(text.length / limit)
    for (let part = 1; part <= parts; part++) {
      await keyring.write(partName(name, set, part), text.slice((part - 1) * limit, part * limit))
    }
    await keyring.write(name, JSON.stringify({ set, parts, digest: digestOf(text) } satisfies Directory))
  }
  if (old !== undefined) await removeSet(keyring, name, old.set)
}

/** Removes a text with all its parts, and those that a killed process has left. */
export async function removeSplitText(keyring: Keyring, name: string, limit = ENTRY_LIMIT): Promise<void> {
  await keyring.remove(name)
  if (limit !== Infinity) for (const set of SETS) await removeSet(keyring, name, set)
}

async function removeSet(keyring: Keyring, name: string, set: string): Promise<void> {
  for (let part = 1; (await keyring.read(partName(name, set, part))) !== undefined; part++) {
    await keyring.remove(partName(name, set, part))
  }
}

function parseDirectory(entry: string): Directory | undefined {
  const { set, parts, digest } = parseObject(entry) ?? {}
  if (typeof set !== 'string' || typeof parts !== 'number' || typeof digest !== 'string') return undefined
  return { set, parts, digest }
}

function partName(name: string, set: string, part: number): string {
  return `${name} (part ${set}${part})`
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** A character is a byte then, in every keyring. */
function toAscii(json: string): string {
  return json.replace(/[\u0080-\uFFFF]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
