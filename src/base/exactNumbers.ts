/** A string that stands for a number. No JSON of a server's has a raw control, and `\u0000` is escaped. */
const MARK = '\u0000'

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/** JSON in which integers that JavaScript cannot hold (beyond 2^53) are marked strings, so that parsing loses no digit. */
export function markNumbers(json: string): string {
  return json.replace(STRING_OR_NUMBER, (found) =>
    /^-?\d{16,}$/.test(found) && String(Number(found)) !== found ? JSON.stringify(MARK + found) : found,
  )
}

/** Undoes {@link markNumbers} in JSON that was written. */
export function restoreNumbers(json: string): string {
  return json.replaceAll(/"\\u0000(-?\d+)"/g, '$1')
}
