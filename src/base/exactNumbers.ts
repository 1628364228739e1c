import { randomBytes } from 'node:crypto'

/** A string that stands for a number begins with it. No server can know it, and so none can have a string taken for one. */
const MARK = `number ${randomBytes(12).toString('hex')} `

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** JSON in which numbers that JavaScript would write in another way are marked strings, so that parsing loses no digit. */
export function markNumbers(json: string): string {
  return json.replace(STRING_OR_NUMBER, (found) =>
    found.startsWith('"') || String(Number(found)) === found ? found : `"${MARK}${found}"`,
  )
}

/** Undoes {@link markNumbers} in JSON that was written. */
export function restoreNumbers(json: string): string {
  return json.replaceAll(MARKED, '$1')
}

const MARKED = new RegExp(`"${MARK}([^"]+)"`, 'g')
