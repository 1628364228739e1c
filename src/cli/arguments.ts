import { Failure } from '../base/failure.ts'

/** What a person typed after a command, checked against the manual. */
export type Arguments = {
  /** The value of an option or a positional; undefined where none was given. Given twice, the last one counts. */
  readonly text: (name: string) => string | undefined
  /** All values of an option that may be repeated, or of a positional that takes several, in the order of typing. */
  readonly list: (name: string) => readonly string[]
  /** Whether a switch was given. */
  readonly has: (name: string) => boolean
}

/** Says that a command cannot be carried out as it was typed. */
export function usageFailure(message: string, ...hints: readonly string[]): Failure {
  return new Failure(message, { code: 'usage', hints })
}
