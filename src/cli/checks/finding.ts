import type { Failure } from '../../base/failure.ts'
import { COMMAND } from '../../base/program.ts'

/** What a check found. Nothing in it is secret: people show it to others. */
export type Finding = {
  /** What was looked at, in a word or two: `git`, `callback port`. */
  readonly check: string
  /** A note is worth knowing; a fault keeps something from working. */
  readonly level: 'good' | 'note' | 'fault'
  /** A clause in lower case. */
  readonly text: string
  /**
   * What to do about it, step by step: a command as a shell takes it, or a few words. Words that introduce the next step
   * end in a colon. Never empty for a fault.
   */
  readonly cures: readonly string[]
  /** The exit code for a fault, if it is not 1. */
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
 * A Failure as a finding.
 *
 * @param cures where the Failure itself has no hint
 */
export function faultOf(check: string, { message, hints, code }: Failure, ...cures: readonly string[]): Finding {
  // The person has just run doctor, or status, which finds the same.
  const known = hints.filter((hint) => !hint.includes(`${COMMAND} doctor`)).flatMap(inSteps)
  const steps = [known, cures].find(({ length }) => length > 0) ?? ['correct that, and run doctor again']
  const found = fault(check, message, ...steps)
  return code === 'not_configured' ? { ...found, exitCode: 3 } : found
}

/** Splits a hint into its words and the command behind them, which can be copied whole as a step of its own. */
export function inSteps(hint: string): string[] {
  const [, words, command] = /^(.+:) ((?:git|chmod|chown) .+)$/.exec(hint) ?? []
  return words === undefined || command === undefined ? [hint] : [words, command]
}

/** Whether a step is a command, which must not be broken across lines. */
export function isCommand(step: string): boolean {
  return /^(git|chmod|chown) /.test(step)
}

/** The exit code of a command with these findings: 0 where none is a fault. */
export function exitCodeOf(findings: readonly Finding[]): number {
  const codes = findings.filter(({ level }) => level === 'fault').map(({ exitCode = 1 }) => exitCode)
  // The code tells what to do first: configure, then log in.
  return [3, 4, 1].find((code) => codes.some((one) => one === code)) ?? 0
}
