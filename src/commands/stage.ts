import { Failure } from '../failure.ts'
import { type Dialog, openDialog } from '../prompts.ts'
import type { Surroundings } from '../surroundings.ts'
import { describeTerminal } from '../terminal.ts'

/** What the steps have in common. */
export type Stage = {
  readonly around: Surroundings
  readonly say: (text: string) => void
  readonly head: (text: string) => void
  /** Undefined where nobody can be asked. */
  readonly dialog: Dialog | undefined
}

export function openStage(around: Surroundings): Stage {
  const { paint, wrap } = describeTerminal(process.stdout, around.env)
  return {
    around,
    say: (text) => around.write(`${wrap(text)}\n`),
    head: (text) => around.write(`\n${paint('bold', text)}\n`),
    dialog: process.stdin.isTTY ? openDialog() : undefined,
  }
}

/** What has to be given where nobody can be asked. */
export function missing(what: string, ...hints: readonly string[]): Failure {
  return new Failure(`${what} is missing, and there is no terminal to ask for it`, { code: 'usage', hints })
}
