import { renderUnicodeCompact } from 'uqr'

/**
 * A text as a QR code, two rows in a line, dark on light as cameras want it.
 *
 * @returns undefined where a line would be longer than the terminal is wide
 */
export function formatQrCode(text: string, columns: number): string | undefined {
  const lines = renderUnicodeCompact(text, { border: 2 }).split('\n')
  if (lines.some((line) => line.length > columns)) return undefined
  // The blocks are what is light, whatever the terminal's colors are.
  return lines.map((line) => `\u001B[97;40m${line}\u001B[0m\n`).join('')
}
