import type { Context } from '../../../base/context.ts'
import type { Failure } from '../../../base/failure.ts'
import { COMMAND } from '../../../base/program.ts'
import { usageFailure } from '../../arguments.ts'
import { inSteps, isCommand } from '../../checks/finding.ts'
import { type Dialog, openDialog } from '../../../base/prompts.ts'
import { describeTerminal } from '../../terminal.ts'

/** How the steps of setup talk with the person. */
export type Conversation = {
  readonly context: Context
  /** Writes a sentence, broken where the terminal ends. All its lines are indented by so many blanks. */
  readonly say: (text: string, indent?: number) => void
  readonly head: (text: string) => void
  /** Writes what to do, one step each. A command stays whole, so that it can be copied. */
  readonly hint: (steps: readonly string[]) => void
  /** Undefined where there is no terminal to ask on. */
  readonly dialog: Dialog | undefined
}

export function openConversation(context: Context): Conversation {
  const { paint, wrap } = describeTerminal(context.streams.stdout, context.env)
  const say = (text: string, indent = 0): void => context.write(`${' '.repeat(indent)}${wrap(text, indent)}\n`)
  // Nobody would see a question that goes to a file.
  const dialog = context.streams.stdin.isTTY && context.streams.stdout.isTTY ? openDialog() : undefined
  const hint = (steps: readonly string[]): void => {
    for (const step of steps.flatMap(inSteps)) {
      if (isCommand(step)) context.write(`  ${step}\n`)
      else say(step, 2)
    }
  }
  return {
    // In a dialog, lines need not begin with the program's name.
    context: dialog === undefined ? context : { ...context, tell: say },
    say,
    head: (text) => context.write(`\n${paint('bold', text)}\n`),
    hint,
    dialog,
  }
}

/**
 * Git Bash's own window is none to programs of Windows.
 *
 * @see https://github.com/git-for-windows/git/wiki/FAQ#some-native-console-programs-dont-work-when-run-from-git-bash-how-to-fix-it
 */
function otherWindow(): string[] {
  const isMintty = process.platform === 'win32' && process.env['MSYSTEM'] !== undefined
  return isMintty ? [`in Git Bash: winpty ${COMMAND} setup; or type it in PowerShell`] : []
}

/** Says what has to be given where there is no terminal to ask for it. */
export function missingFailure(what: string, ...hints: readonly string[]): Failure {
  return usageFailure(`${what} is missing, and there is no terminal to ask for it`, ...hints, ...otherWindow())
}
