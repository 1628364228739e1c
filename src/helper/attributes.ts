import { Failure } from '../base/failure.ts'

/**
 * What git sends to a helper, by attribute name. `password`, `credential` and `oauth_refresh_token` are secret: never
 * print a value.
 */
export type Attributes = {
  /** Of two values with the same name the later one counts, as in git. */
  readonly values: ReadonlyMap<string, string>
  /** `capability[]` and `state[]`, by name with its brackets. Others, such as a server's `wwwauth[]`, are ignored. */
  readonly lists: ReadonlyMap<string, readonly string[]>
}

/** Git's limit for a line, without its line feed (git help credential, "INPUT/OUTPUT FORMAT"). */
const LINE_LIMIT = 65_535

/** The attributes that name a host or a person. A control character in one of them is an attack. */
const NAMES = ['protocol', 'host', 'path', 'username']

/**
 * Reads attributes as git writes them, up to an empty line or the end. Only a line feed ends a line (a lone carriage return
 * or U+2028 belongs to the value: CVE-2024-52006, CVE-2024-50338).
 *
 * @param bytes what git sent, a character for each byte
 * @throws Failure for a line without `=`, a line that is too long, a NUL, or a control character in a name of a host or
 *   person. It repeats no value.
 * @see https://git-scm.com/docs/git-credential#IOFMT
 */
export function parseAttributes(bytes: string): Attributes {
  const values = new Map<string, string>()
  const lists = new Map<string, string[]>()
  for (const line of bytes.split('\n')) {
    if (line === '') break
    if (line.length > LINE_LIMIT) throw malformedFailure(`a line of more than ${LINE_LIMIT} bytes`)
    if (line.includes('\0')) throw malformedFailure('a NUL byte')
    const equals = line.indexOf('=')
    if (equals === -1) throw malformedFailure('a line without "="')
    const name = line.slice(0, equals)
    const value = line.slice(equals + 1)
    if (!name.endsWith('[]')) values.set(name, decode(value))
    else if (LISTS.has(name)) append(lists, name, decode(value))
  }
  for (const name of NAMES) {
    if (CONTROL_CHARACTER.test(values.get(name) ?? '')) throw malformedFailure(`a control character in "${name}"`)
  }
  return { values, lists }
}

const LISTS = new Set(['capability[]', 'state[]'])

function append(lists: Map<string, string[]>, name: string, value: string): void {
  const list = lists.get(name)
  // An empty value empties the list.
  if (list === undefined || value === '') lists.set(name, value === '' ? [] : [value])
  else list.push(value)
}

/** The text that the bytes are in UTF-8. */
function decode(bytes: string): string {
  return BEYOND_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes
}

const BEYOND_ASCII = /[\u0080-\u00FF]/

/** C0, DEL, C1, and the character that replaces bytes which are no UTF-8. */
// oxlint-disable-next-line no-control-regex -- it looks for control characters
const CONTROL_CHARACTER = /[\u0000-\u001F\u007F-\u009F\uFFFD]/

/**
 * Writes attributes as git reads them.
 *
 * @throws Failure for a value that git would not read back as one
 */
export function formatAttributes(attributes: Iterable<readonly [name: string, value: string]>): string {
  let text = ''
  for (const [name, value] of attributes) {
    if (value.includes('\n') || value.includes('\0'))
      throw new Failure(`the value of "${name}" cannot be passed to git`)
    text += `${name}=${value}\n`
  }
  return text
}

function malformedFailure(what: string): Failure {
  return new Failure(`git's request has ${what}, so it gets no answer`)
}
