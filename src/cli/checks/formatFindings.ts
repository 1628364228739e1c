import type { Terminal } from '../terminal.ts'
import type { Finding } from './finding.ts'

/** Of what `--json` prints: it goes up when a program that reads it has to be changed (docs/status.schema.json). */
export const JSON_VERSION = 1

const COLOURS = { good: 'green', note: 'yellow', fault: 'red' } as const
const WORDS = { good: 'ok', note: 'note', fault: 'FAULT' } as const

/** The columns of the level and of what was looked at. */
const LEVEL = 7
const CHECK = 15

/** Findings for people, a paragraph each: how it stands, and below it what to do. */
export function formatFindings(findings: readonly Finding[], { paint, wrap }: Terminal): string {
  return findings
    .map(({ check, level, text, cures }) => {
      const words = paint(COLOURS[level], WORDS[level].padEnd(LEVEL))
      // A command that is broken could not be copied.
      const steps = cures.map((cure) => `${' '.repeat(LEVEL)}${paint('bold', `-> ${cure}`)}\n`)
      return `${words}${check.padEnd(CHECK)}${wrap(text, LEVEL + CHECK)}\n${steps.join('')}`
    })
    .join('')
}
