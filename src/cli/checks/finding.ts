import type { Failure } from '../../base/failure.ts'

/** What somebody finds who looks at one thing. Nothing in it is secret: it is shown to others. */
export type Finding = {
  /** What was looked at, in a word or two: `git`, `callback port`. */
  readonly check: string
  /** A note is worth knowing; a fault keeps something from working. */
  readonly level: 'good' | 'note' | 'fault'
  /** A clause in lower case. */
  readonly text: string
  /**
   * What to do about it, one step each: a command as a shell takes it, or a few words, which end in a colon where the
   * next step is what they are about. Never empty for a fault.
   */
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

/**
 * What went wrong while looking is what was found.
 *
 * @param cures where the Failure itself knows none
 */
export function faultOf(check: string, { message, hints, code }: Failure, ...cures: readonly string[]): Finding {
  // Whoever reads this has just asked for it.
  const known = hints.filter((hint) => !hint.endsWith('oauth doctor')).flatMap(inSteps)
  const steps = [known, cures].find(({ length }) => length > 0) ?? ['mend that, and look again']
  const found = fault(check, message, ...steps)
  return code === 'not_configured' ? { ...found, exitCode: 3 } : found
}

/** A hint has its command behind the words for it; as a step of its own it can be copied whole. */
export function inSteps(hint: string): string[] {
  const [, words, command] = /^(.+:) ((?:git|chmod|chown) .+)$/.exec(hint) ?? []
  return words === undefined || command === undefined ? [hint] : [words, command]
}

/** Whether a step is a command, which is not to be broken across lines. */
export function isCommand(step: string): boolean {
  return /^(git|chmod|chown) /.test(step)
}

/** What a command ends with: 0 where nothing is a fault, notes or not. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const codes = findings.filter(({ level }) => level === 'fault').map(({ exitCode = 1 }) => exitCode)
  // What comes first in setting up is what is to be mended first.
  return [3, 4, 1].find((code) => codes.some((one) => one === code)) ?? 0
}
