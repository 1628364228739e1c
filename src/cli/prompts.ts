import type * as Library from '@inquirer/prompts'
import { Failure } from '../base/failure.ts'

/** Questions to a person at a terminal. Ctrl-C ends each with a Failure `interrupted`. */
export type Dialog = {
  /** Blanks around the answer are removed. */
  readonly ask: (question: string) => Promise<string>
  /** The same, but the answer is not shown. */
  readonly askSecret: (question: string) => Promise<string>
  /** Waits for the Enter key. */
  readonly pause: (invitation: string) => Promise<void>
}

/** The library is loaded when there is something to ask. */
export function openDialog(): Dialog {
  return {
    ask: (question) => untilAnswered(async ({ input }) => input({ message: question, validate: isTyped })),
    askSecret: (question) =>
      untilAnswered(async ({ password }) =>
        password({ message: question, mask: '*', toggleMask: false, validate: isTyped }),
      ),
    pause: async (invitation) => {
      await untilAnswered(async ({ input }) => input({ message: invitation }))
    },
  }
}

function isTyped(text: string): true | string {
  return text.trim() !== '' || 'nothing was typed'
}

async function untilAnswered(question: (prompts: typeof Library) => Promise<string>): Promise<string> {
  try {
    return (await question(await import('@inquirer/prompts'))).trim()
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error
    throw new Failure('interrupted', {
      code: 'interrupted',
      hints: ['to go on where you left off, run the command again'],
      cause: error,
    })
  }
}
