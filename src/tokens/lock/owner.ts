import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { orUndefined } from '../../base/failure.ts'
import { isGone } from '../../base/isGone.ts'
import { parseObject } from '../../base/json.ts'
import { readPrivateFile } from '../../base/privateFile.ts'

/** The process that holds a lock. */
export type Owner = {
  readonly pid: number
  /** Where the pid is valid: one boot of one machine, one namespace of process numbers. */
  readonly machine: string
  /** Unique for each time that a process takes a lock. */
  readonly holding: string
}

const NAME = 'owner'

/** This process, for a lock that it is about to take. */
export function newOwner(): Owner {
  return { pid: process.pid, machine: describeMachine(), holding: randomUUID() }
}

/** Writes the owner's file. Where the process is killed in the middle, nobody can read it, and the lock has no owner. */
export function writeOwner(lock: string, owner: Owner): void {
  writeFileSync(join(lock, NAME), JSON.stringify(owner), { flag: 'wx', mode: 0o600 })
}

/** @returns undefined where no owner can be read */
export function readOwner(lock: string): Owner | undefined {
  try {
    const { pid, machine, holding } = parseObject(readPrivateFile(join(lock, NAME)) ?? '') ?? {}
    if (typeof pid !== 'number' || typeof machine !== 'string' || typeof holding !== 'string') return undefined
    return { pid, machine, holding }
  } catch {
    return undefined
  }
}

/** Empties a lock, right before its directory is removed. */
export function removeOwner(lock: string): void {
  rmSync(join(lock, NAME), { force: true })
}

/** Whether an owner is surely dead. We cannot tell that of a process on another machine, or of one without a name. */
export function isDead(owner: Owner | undefined): boolean {
  return owner?.machine === describeMachine() && isGone(owner.pid)
}

function describeMachine(): string {
  return [
    hostname(),
    // On Linux another boot or a container has other processes under the same numbers.
    orUndefined(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    orUndefined(() => readlinkSync('/proc/self/ns/pid')),
  ].join(' ')
}
