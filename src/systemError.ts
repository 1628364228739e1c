import { systemCode } from './failure.ts'

/** Whether the operating system says that something cannot be done, as `ENOSPC`; Node's own codes begin with `ERR_`. */
export function isOfSystem(error: unknown): boolean {
  return /^E[A-Z]+$/.test(systemCode(error) ?? '')
}
