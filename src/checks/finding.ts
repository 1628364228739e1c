import type { Failure } from '../failure.ts'

/** What somebody finds who looks at one thing. Nothing in it is secret: it is shown to others. */
export type Finding = {
  /** What was looked at, in a word or two: `git`, `callback port`. */
  readonly check: string
  /** A note is worth knowing; a fault keeps something from working. */
  readonly level: 'good' | 'note' | 'fault'
  /** A clause in lower case. */
  readonly text: string
  /** What to do about it, one step each: a command, or a few words. Never empty for a fault. */
  readonly cures: readonly string[]
  /** What a fault makes a command end with, if it says more than 1. */
  readonly exitCode?: 3 | 4
}

export function good(check: string, text: string): Finding {
  return { check, level: 'good', text, cures: [] }
}

export function note(check: string, text: string, ...cures: readonly string[]): Finding {
  return { check, level: 'note', text, cures }
}

export function fault(check: string, text: string, ...cures: readonly string[]): Finding {
  return { check, level: 'fault', text, cures }
}

/** What went wrong while looking is what was found. */
export function faultOf(check: string, { message, hints, code }: Failure, ...cures: readonly string[]): Finding {
  // Whoever reads this has just asked for it.
  const all = [...hints.filter((hint) => !hint.endsWith('oauth doctor')), ...cures]
  const found = fault(check, message, ...(all.length === 0 ? ['mend that, and look again'] : all))
  return code === 'not_configured' ? { ...found, exitCode: 3 } : found
}

/** What a command ends with: 0 where nothing is a fault, notes or not. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const codes = findings.filter(({ level }) => level === 'fault').map(({ exitCode = 1 }) => exitCode)
  // What comes first in setting up is what is to be mended first.
  return [3, 4, 1].find((code) => codes.some((one) => one === code)) ?? 0
}
