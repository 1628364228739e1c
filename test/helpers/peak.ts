import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Between two looks: the system keeps the highest value, so only what comes after the last look is missed. Milliseconds. */
const INTERVAL = 10

/** The most memory that a process has until its end, in bytes; 0 where /proc does not tell. */
export async function watchPeak(child: ChildProcess): Promise<number> {
  let peak = 0
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024)
    } catch {
      // It has just ended, or there is no /proc.
    }
    await sleep(INTERVAL)
  }
  return peak
}
