import { atControllingTerminal } from '../base/controllingTerminal.ts'
import { isFailure } from '../base/failure.ts'
import { openDialog } from '../base/prompts.ts'
import { interruptAll } from '../base/signals.ts'
import { readPastedRedirect } from '../oauth/pastedRedirect.ts'

const QUESTION = 'The address where the browser ended (it is not shown)'

/**
 * Asks a person at the terminal for the address at which a browser elsewhere has ended, until it is one of this login. What is
 * pasted is not shown, and is in no history.
 *
 * @param tell takes what is wrong with an address
 * @param signal takes the question back; then this never ends, and neither does it after Ctrl-C
 */
export async function askForRedirect(
  expected: { readonly redirectUri: string; readonly states: readonly string[] },
  tell: (text: string) => void,
  signal: AbortSignal,
): Promise<URLSearchParams> {
  const ask = (): Promise<string> =>
    atControllingTerminal((terminal) => openDialog({ ...terminal, signal }).askSecret(QUESTION, { isLong: true }))
  for (;;) {
    const text = await ask().catch((error: unknown) => {
      // The question has kept the terminal from sending the signal, which ends git and this process.
      if (isFailure(error)) interruptAll()
      else if (!signal.aborted) throw error
      return undefined
    })
    if (text === undefined) return new Promise(() => {})
    const found = readPastedRedirect(text, expected.redirectUri, expected.states)
    if (typeof found !== 'string') return found
    tell(found)
  }
}
