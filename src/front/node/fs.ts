import type { Status } from '../native.ts'

/** Node's `fs`, as much of it as the cached path uses. What writes is the whole program's, but for the mark. */

class Stats {
  readonly mode: number
  readonly uid: number
  readonly size: number
  readonly mtimeMs: number

  constructor([mode, uid, size, mtime]: Status) {
    this.mode = mode
    this.uid = uid
    this.size = size
    this.mtimeMs = mtime
  }

  isFile(): boolean {
    return (this.mode & 0o170000) === 0o100000
  }

  isDirectory(): boolean {
    return (this.mode & 0o170000) === 0o040000
  }
}

export const { constants } = native

export const openSync = (path: string, flags: number): number => native.open(path, flags)
/** Of all ways to write a file: a new one of mode 0600, flag `wx`. */
export const writeFileSync = (path: string, text: string): void => native.create(path, text)
export const unlinkSync = (path: string): void => native.remove(path)
export const closeSync = (file: number): void => native.close(file)
export const fstatSync = (file: number): Stats => new Stats(native.fstat(file))
export const statSync = (path: string): Stats => new Stats(native.stat(path))
export const readFileSync = (file: number): string => native.readText(file)
export const existsSync = (path: string): boolean => native.exists(path)
export const readdirSync = (path: string): string[] => native.list(path)

function handOver(): never {
  throw new Error('the whole program does that')
}

export {
  handOver as chmodSync,
  handOver as fchmodSync,
  handOver as fsyncSync,
  handOver as linkSync,
  handOver as lstatSync,
  handOver as mkdirSync,
  handOver as readSync,
  handOver as renameSync,
  handOver as rmdirSync,
  handOver as rmSync,
  handOver as writeSync,
}
