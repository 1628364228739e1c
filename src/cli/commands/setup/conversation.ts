import type { Context } from '../../../base/context.ts'
import { Failure } from '../../../base/failure.ts'
import { visible } from '../../../base/report.ts'
import { inSteps, isCommand } from '../../checks/finding.ts'
import { type Dialog, openDialog } from '../../prompts.ts'
import { describeTerminal } from '../../terminal.ts'

/** What the steps have in common. */
export type Conversation = {
  readonly context: Context
  /** A sentence, broken where the terminal ends; all its lines are indented by so many blanks. */
  readonly say: (text: string, indent?: number) => void
  readonly head: (text: string) => void
  /** What to do, one step each; a command stays whole, so that it can be copied. */
  readonly hint: (steps: readonly string[]) => void
  /** Undefined where nobody can be asked. */
  readonly dialog: Dialog | undefined
}

export function openConversation(context: Context): Conversation {
  const { paint, wrap } = describeTerminal(context.streams.stdout, context.env)
  const say = (text: string, indent = 0): void => context.write(`${' '.repeat(indent)}${wrap(text, indent)}\n`)
  // A question that goes to a file is seen by nobody.
  const dialog = context.streams.stdin.isTTY && context.streams.stdout.isTTY ? openDialog() : undefined
  const hint = (steps: readonly string[]): void => {
    for (const step of steps.flatMap(inSteps)) {
      if (isCommand(step)) context.write(`  ${step}\n`)
      else say(step, 2)
    }
  }
  return {
    // Where somebody talks with us, lines need not say who speaks.
    context: dialog === undefined ? context : { ...context, tell: (text) => say(visible(text)) },
    say,
    head: (text) => context.write(`\n${paint('bold', text)}\n`),
    hint,
    dialog,
  }
}

/** What has to be given where nobody can be asked. */
export function missingFailure(what: string, ...hints: readonly string[]): Failure {
  return new Failure(`${what} is missing, and there is no terminal to ask for it`, { code: 'usage', hints })
}
