import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemCode } from '../failure.ts'
import { parseObject } from '../json.ts'
import { readPrivateFile } from './privateFile.ts'

/** Who holds a lock. */
export type Owner = {
  readonly pid: number
  /** Where the process number means anything: one boot of one machine, one namespace of process numbers. */
  readonly machine: string
  /** No two holdings are the same. */
  readonly holding: string
}

/** This process, about to hold a lock. */
export function newOwner(): Owner {
  return { pid: process.pid, machine: describeMachine(), holding: randomUUID() }
}

/** Writes it for the first time. A half-written one, of a process killed in the middle, cannot be read: that is all. */
export function writeOwner(path: string, owner: Owner): void {
  writeFileSync(path, JSON.stringify(owner), { flag: 'wx', mode: 0o600 })
}

/** @returns undefined where nothing that can be read says who holds the lock */
export function readOwner(path: string): Owner | undefined {
  try {
    const { pid, machine, holding } = parseObject(readPrivateFile(path) ?? '') ?? {}
    if (typeof pid !== 'number' || typeof machine !== 'string' || typeof holding !== 'string') return undefined
    return { pid, machine, holding }
  } catch {
    return undefined
  }
}

/** Whether an owner is surely dead; of a process of another machine, nobody here can tell. */
export function isDead({ pid, machine }: Owner): boolean {
  if (machine !== describeMachine()) return false
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return systemCode(error) === 'ESRCH'
  }
}

function describeMachine(): string {
  return [
    hostname(),
    // Linux: another boot of it, or a container, has other processes under the same numbers.
    attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    attempt(() => readlinkSync('/proc/self/ns/pid')),
  ].join(' ')
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}
