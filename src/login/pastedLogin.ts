import { atControllingTerminal } from '../base/controllingTerminal.ts'
import { isFailure } from '../base/failure.ts'
import { openDialog } from '../base/prompts.ts'
import { formatQrCode } from '../base/qrCode.ts'
import { interruptAll } from '../base/signals.ts'
import { readPastedRedirect } from '../oauth/pastedRedirect.ts'

const QUESTION = 'The address where the browser ended (it is not shown; qr shows a code for a camera)'

/** A login that waits for the address at which a browser elsewhere ends. */
export type PastedLogin = {
  readonly redirectUri: string
  readonly states: readonly string[]
  /** Where that browser begins. */
  readonly address: string
}

/**
 * Asks a person at the terminal for the address at which a browser elsewhere has ended, until it is one of this login. What is
 * pasted is not shown, and is in no history.
 *
 * @param tell takes what is wrong with an address
 * @param signal takes the question back; then this never ends, and neither does it after Ctrl-C
 */
export async function askForRedirect(
  expected: PastedLogin,
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
    if (text.toLowerCase() === 'qr') {
      await showQrCode(expected.address, tell)
      continue
    }
    const found = readPastedRedirect(text, expected.redirectUri, expected.states)
    if (typeof found !== 'string') return found
    tell(found)
  }
}

/** For the camera of a phone: its browser ends at an address that it can send. */
async function showQrCode(address: string, tell: (text: string) => void): Promise<void> {
  await atControllingTerminal(async ({ output }) => {
    const code = formatQrCode(address, output.columns)
    if (code === undefined) tell('the terminal is too narrow for the code')
    else output.write(code)
  })
}
