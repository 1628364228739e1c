import { systemCode } from './failure.ts'

/** Whether no process of this machine has the number any more: false also of one that is another user's. */
export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return systemCode(error) === 'ESRCH'
  }
}
