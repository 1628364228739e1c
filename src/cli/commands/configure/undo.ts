import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { parseObject } from '../../../base/json.ts'
import { readPrivateFile, removePrivateFile, writePrivateFile } from '../../../base/privateFile.ts'

/** How to take back a change to a file of git's configuration, byte for byte, without a copy of what is in it. */
type Undo = {
  /** False where the change made the file. */
  readonly existed: boolean
  /** The bytes that were put in. */
  readonly offset: number
  readonly length: number
  /** Of the whole file afterwards. */
  readonly sha256: string
}

/**
 * Keeps what {@link takeBack} needs, beside the logins.
 *
 * @param before what was in the file; undefined where there was none
 * @throws Failure where it cannot be written
 */
export function keepUndo(data: string, file: string, before: Buffer | undefined, after: Buffer): void {
  const undo = findInsertion(before ?? Buffer.alloc(0), after)
  if (undo === undefined) return forgetUndo(data, file)
  const kept: Undo = { existed: before !== undefined, ...undo, sha256: hash(after) }
  writePrivateFile(undoPath(data, file), `${JSON.stringify({ file, ...kept })}\n`)
}

/**
 * What was in the file before the change, as long as nothing else has changed it since.
 *
 * @returns undefined where it is not known; `content` is undefined where there was no file
 */
export function takeBack(
  data: string,
  file: string,
  after: Buffer,
): { readonly content: Buffer | undefined } | undefined {
  const undo = readUndo(data, file)
  if (undo === undefined || undo.sha256 !== hash(after)) return undefined
  const { existed, offset, length } = undo
  return { content: existed ? Buffer.concat([after.subarray(0, offset), after.subarray(offset + length)]) : undefined }
}

/** Whether the change made the file. */
export function didMakeFile(data: string, file: string): boolean {
  return readUndo(data, file)?.existed === false
}

export function forgetUndo(data: string, file: string): void {
  removePrivateFile(undoPath(data, file))
}

/** Not among the logins, whose directory is theirs alone; a path can be longer than a name may be. */
function undoPath(data: string, file: string): string {
  return join(dirname(data), 'configured', `${hash(Buffer.from(file)).slice(0, 32)}.json`)
}

function readUndo(data: string, file: string): Undo | undefined {
  const { existed, offset, length, sha256 } = parseObject(readPrivateFile(undoPath(data, file)) ?? '') ?? {}
  if (typeof existed !== 'boolean' || typeof offset !== 'number') return undefined
  return typeof length === 'number' && typeof sha256 === 'string' ? { existed, offset, length, sha256 } : undefined
}

/** The one stretch that was put in; undefined where anything else is different as well. */
function findInsertion(before: Buffer, after: Buffer): { offset: number; length: number } | undefined {
  const length = after.length - before.length
  let offset = 0
  while (offset < before.length && before[offset] === after[offset]) offset += 1
  return length > 0 && before.subarray(offset).equals(after.subarray(offset + length)) ? { offset, length } : undefined
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
