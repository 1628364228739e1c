import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { orUndefined, systemCode } from '../../base/failure.ts'
import { parseObject } from '../../base/json.ts'
import { readPrivateFile } from '../../base/privateFile.ts'

/** Who holds a lock. */
export type Owner = {
  readonly pid: number
  /** Where the process number means anything: one boot of one machine, one namespace of process numbers. */
  readonly machine: string
  /** No two holdings are the same. */
  readonly holding: string
}

/** The file in a lock's directory that says who holds it. */
const NAME = 'owner'

/** This process, about to hold a lock. */
export function newOwner(): Owner {
  return { pid: process.pid, machine: describeMachine(), holding: randomUUID() }
}

/** Writes it for the first time. A half-written one, of a process killed in the middle, cannot be read: that is all. */
export function writeOwner(lock: string, owner: Owner): void {
  writeFileSync(join(lock, NAME), JSON.stringify(owner), { flag: 'wx', mode: 0o600 })
}

/** @returns undefined where nothing that can be read says who holds the lock */
export function readOwner(lock: string): Owner | undefined {
  try {
    const { pid, machine, holding } = parseObject(readPrivateFile(join(lock, NAME)) ?? '') ?? {}
    if (typeof pid !== 'number' || typeof machine !== 'string' || typeof holding !== 'string') return undefined
    return { pid, machine, holding }
  } catch {
    return undefined
  }
}

/** Leaves a lock empty, as it is before its directory is removed. */
export function removeOwner(lock: string): void {
  rmSync(join(lock, NAME), { force: true })
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
    orUndefined(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    orUndefined(() => readlinkSync('/proc/self/ns/pid')),
  ].join(' ')
}
