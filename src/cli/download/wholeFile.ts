import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { replace } from '../../base/busy.ts'
import { Failure, orUndefined, systemCode } from '../../base/failure.ts'
import { isGone } from '../../base/isGone.ts'
import { isGuarded } from '../../base/ownPath.ts'
import { beforeSignal } from '../../base/signals.ts'
import { isOfSystem, reasonOf } from '../../base/systemError.ts'
import { openDevice, waitForReader } from './outputPath.ts'
import { isPrivate, pinDirectory, pinOwnDirectory } from './pinned.ts'

/**
 * Makes a file or a directory whole or not at all: in a private directory beside its path, then renamed. A signal, or a failure of
 * the work, removes the draft. What a killed process has left is removed here. Where the system allows it, another user who may
 * rename in the directory above leads none of this elsewhere.
 *
 * @param path where it goes; directories above it are made
 * @param work makes the draft at the path that it is given
 * @throws Failure where it cannot be made; the old one is still there then
 */
export async function makeWhole<Result>(path: string, work: (draft: string) => Promise<Result>): Promise<Result> {
  try {
    await mkdir(dirname(path), { recursive: true })
    const directory = pinDirectory(dirname(path))
    try {
      return await makeIn(directory.path, basename(path), work)
    } finally {
      directory.unpin()
    }
  } catch (error) {
    throw isOfSystem(error) ? unwritableFailure(path, error, `nothing was left there; ${AGAIN}`) : error
  }
}

const AGAIN = 'correct that, and run the command again'

async function makeIn<Result>(
  directory: string,
  name: string,
  work: (draft: string) => Promise<Result>,
): Promise<Result> {
  removeLeftovers(directory, name)
  // Another machine that shares the directory may have a process with the same number.
  const room = join(directory, `${name}.${process.pid}-${randomBytes(6).toString('hex')}.part`)
  mkdirSync(room, { mode: 0o700 })
  const { path, unpin } = pinOwnDirectory(room)
  const draft = join(path, 'draft')
  const remove = (): void => {
    // Nobody else can write in the room. The room itself may have been replaced, and goes only if it is an empty directory.
    rmSync(draft, { recursive: true, force: true, maxRetries: 5 })
    orUndefined(() => rmdirSync(room))
  }
  const cancel = beforeSignal(remove)
  try {
    const result = await work(draft)
    replace(draft, join(directory, name))
    return result
  } finally {
    remove()
    cancel()
    unpin()
  }
}

/** Writes a new file. One that `isLasting` is whole after a power cut too, which may take as long as all the rest. */
export async function writeFile(path: string, pieces: AsyncIterable<Uint8Array>, isLasting: boolean): Promise<void> {
  await writeInto(openSync(path, 'wx'), pieces, isLasting)
}

/** Writes piece by piece into a pipe, a terminal or `/dev/null`; a Failure where that cannot be, or its reader goes away. */
export async function writeDevice(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await writeInto(await openDevice(path), pieces, false)
  } catch (error) {
    throw isOfSystem(error) ? unwritableFailure(path, error, AGAIN) : error
  }
}

async function writeInto(file: number, pieces: AsyncIterable<Uint8Array>, isLasting: boolean): Promise<void> {
  try {
    for await (const piece of pieces) {
      // At once: to have another thread do it takes longer than to do it.
      for (let start = 0; start < piece.length;) {
        try {
          start += writeSync(file, piece, start)
        } catch (error) {
          if (systemCode(error) !== 'EAGAIN') throw error
          await waitForReader()
        }
      }
    }
    if (isLasting) await sync(file)
  } finally {
    closeSync(file)
  }
}

const sync = promisify(fsync)

/**
 * Removes what killed processes of this user have left beside a path. In a directory where other users can write, anything may
 * have such a name, or take the place of something while it is removed: there it stays. Nor is it a failure if it stays.
 */
function removeLeftovers(directory: string, output: string): void {
  for (const name of orUndefined(() => (isGuarded(statSync(directory)) ? readdirSync(directory) : [])) ?? []) {
    const pid = name.startsWith(`${output}.`)
      ? /^\.(\d+)-[\da-f]{12}\.part$/.exec(name.slice(output.length))?.[1]
      : undefined
    const leftover = join(directory, name)
    if (pid !== undefined && isGone(Number(pid)) && orUndefined(() => isPrivate(lstatSync(leftover))) === true) {
      orUndefined(() => rmSync(leftover, { recursive: true, force: true }))
    }
  }
}

/** Makes sure before a download that no directory stands in a file's place; else there is a Failure `usage`. */
export function assertNoDirectory(path: string): void {
  if (orUndefined(() => lstatSync(path))?.isDirectory() !== true) return
  throw new Failure(`${path} is a directory, and a file has to be written there`, {
    code: 'usage',
    hints: ['name a file in it'],
  })
}

/** Makes sure before a download that a directory is new or empty; else there is a Failure `usage`. */
export function assertEmptyDirectory(directory: string): void {
  const found = orUndefined(() => statSync(directory))
  if (found === undefined || (found.isDirectory() && readdirSync(directory).length === 0)) return
  throw new Failure(`${directory} is there already, and is not an empty directory`, {
    code: 'usage',
    hints: ['name one that is new, or move this one away'],
  })
}

function unwritableFailure(path: string, error: unknown, hint: string): Failure {
  return new Failure(`${path} cannot be written: ${reasonOf(error)}`, { hints: [hint], cause: error })
}
