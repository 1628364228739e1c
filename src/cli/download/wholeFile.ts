import { randomBytes } from 'node:crypto'
import { closeSync, fsync, lstatSync, openSync, readdirSync, realpathSync, rmSync, statSync, writeSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Failure, orUndefined, systemCode } from '../../base/failure.ts'
import { beforeSignal } from '../../base/signals.ts'
import { isOfSystem, reasonOf } from '../../base/systemError.ts'

/**
 * Makes a file or a directory whole or not at all: as a neighbour, which then takes its place. A signal, or a failure of the
 * work, takes the neighbour away; one that a killed process has left is taken away here.
 *
 * @param path where it goes; directories above it are made
 * @param work makes it at the path that it is given
 * @throws Failure where it cannot be made; what stood there before still stands
 */
export async function makeWhole<Result>(path: string, work: (neighbour: string) => Promise<Result>): Promise<Result> {
  // Of a directory that several machines share, another one may have a process with the same number.
  const neighbour = `${path}.${process.pid}-${randomBytes(6).toString('hex')}.part`
  const remove = (): void => rmSync(neighbour, { recursive: true, force: true, maxRetries: 5 })
  try {
    await mkdir(dirname(path), { recursive: true })
    removeForgotten(path)
    const forget = beforeSignal(remove)
    try {
      const result = await work(neighbour)
      await rename(neighbour, path)
      return result
    } catch (error) {
      remove()
      throw error
    } finally {
      forget()
    }
  } catch (error) {
    throw isOfSystem(error) ? unwritableFailure(path, error) : error
  }
}

/**
 * Writes a new file piece by piece, or into a device.
 *
 * @param isLasting whether it has to be whole after a power cut too, which may take as long as all the rest
 * @throws what the disk or the pieces say
 */
export async function writeFile(path: string, pieces: AsyncIterable<Uint8Array>, isLasting: boolean): Promise<void> {
  const file = openSync(path, isDevice(path) ? 'w' : 'wx')
  try {
    for await (const piece of pieces) {
      // At once: to have another thread do it takes longer than to do it.
      for (let start = 0; start < piece.length;) start += writeSync(file, piece, start)
    }
    if (isLasting) await sync(file)
  } finally {
    closeSync(file)
  }
}

const sync = promisify(fsync)

/** Where a path leads: what takes its place is to be beside the file, and not beside a link to it. */
export function followLink(path: string): string {
  return orUndefined(() => realpathSync(path)) ?? path
}

export function isLink(path: string): boolean {
  return orUndefined(() => lstatSync(path).isSymbolicLink()) === true
}

/** Whether something stands there that is written into, and not replaced: a pipe, a terminal, `/dev/null`. */
export function isDevice(path: string): boolean {
  const found = orUndefined(() => statSync(path))
  return found !== undefined && !found.isFile() && !found.isDirectory()
}

function removeForgotten(path: string): void {
  const name = basename(path)
  for (const other of readdirSync(dirname(path))) {
    const pid = other.startsWith(`${name}.`)
      ? /^\.(\d+)-[\da-f]{12}\.part$/.exec(other.slice(name.length))?.[1]
      : undefined
    if (pid !== undefined && isGone(Number(pid))) {
      rmSync(join(dirname(path), other), { recursive: true, force: true })
    }
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return systemCode(error) === 'ESRCH'
  }
}

/**
 * Makes sure before a download that a file can take its place.
 *
 * @throws Failure where a directory stands there
 */
export function assertNoDirectory(path: string): void {
  if (orUndefined(() => lstatSync(path))?.isDirectory() !== true) return
  throw new Failure(`${path} is a directory, and a file has to be written there`, {
    code: 'usage',
    hints: ['name a file in it'],
  })
}

function unwritableFailure(path: string, error: unknown): Failure {
  return new Failure(`${path} cannot be written: ${reasonOf(error)}`, {
    hints: ['nothing was left there; correct that, and run the command again'],
    cause: error,
  })
}
