import type { ControllingTerminal } from './controllingTerminal.ts'
import { Failure } from './failure.ts'

/** Questions to a person at a terminal. Ctrl-C ends each with a Failure `interrupted`. */
export type Dialog = {
  /** Blanks around the answer are removed. */
  readonly ask: (question: string) => Promise<string>
  /** The same, but the answer is not shown: a star for each character, or nothing where it is long. */
  readonly askSecret: (question: string, options?: { readonly isLong: boolean }) => Promise<string>
  /** Waits for the Enter key. */
  readonly pause: (invitation: string) => Promise<void>
}

/**
 * The library is loaded when there is something to ask.
 *
 * @param place where to ask, if not at stdin and stdout; its signal takes a question back, and the error says so
 */
export function openDialog(place: Partial<ControllingTerminal> & { readonly signal?: AbortSignal } = {}): Dialog {
  return {
    ask: (question) =>
      untilAnswered(async () => {
        const { default: input } = await import('@inquirer/input')
        return input({ message: question, validate: isTyped }, place)
      }),
    askSecret: (question, { isLong } = { isLong: false }) =>
      untilAnswered(async () => {
        const { default: password } = await import('@inquirer/password')
        const form = { message: question, toggleMask: false, validate: isTyped }
        return password(isLong ? form : { ...form, mask: '*' }, place)
      }),
    pause: async (invitation) => {
      await untilAnswered(async () => {
        const { default: input } = await import('@inquirer/input')
        return input({ message: invitation }, place)
      })
    },
  }
}

function isTyped(text: string): true | string {
  return text.trim() !== '' || 'nothing was typed'
}

async function untilAnswered(question: () => Promise<string>): Promise<string> {
  try {
    return (await question()).trim()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error
    throw new Failure('interrupted', {
      code: 'interrupted',
      hints: ['to go on where you left off, run the command again'],
      cause: error,
    })
  }
}
