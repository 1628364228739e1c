import { Failure } from '../failure.ts'

/**
 * What git tells a helper, by attribute name. Where a name comes twice the later value counts, as in git. Lists
 * (`capability[]`, `wwwauth[]`, `state[]`) are not read yet.
 *
 * `password` is secret; so are `credential` and `oauth_refresh_token`, should git send them. Never print a value.
 */
export type Attributes = ReadonlyMap<string, string>

const LF = 0x0a
const EQUALS = 0x3d
const NUL = 0x00

/** Git's limit for a line, without its line feed (git help credential, "INPUT/OUTPUT FORMAT"). */
const LINE_LIMIT = 65_535

/** The attributes that name a host or a person: a control character in one of them is somebody's attack. */
const NAMES = ['protocol', 'host', 'path', 'username']

/**
 * Reads attributes as git writes them: `name=value` lines that end with a line feed and nothing else (a lone carriage
 * return or U+2028 belongs to the value: CVE-2024-52006, CVE-2024-50338), cut at the first `=`. Reading stops at an
 * empty line or at the end.
 *
 * @throws Failure for a line without `=`, one that is too long, a NUL, or a control character in a name of a host or
 *   person; no value is repeated in it.
 * @see https://git-scm.com/docs/git-credential#IOFMT
 */
export function parseAttributes(bytes: Buffer): Attributes {
  const attributes = new Map<string, string>()
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(LF, start)
    const end = found === -1 ? bytes.length : found
    if (end === start) break
    const equals = bytes.indexOf(EQUALS, start)
    if (equals === -1 || equals > end) throw malformed('a line without "="')
    if (end - start > LINE_LIMIT) throw malformed(`a line of more than ${LINE_LIMIT} bytes`)
    const nul = bytes.indexOf(NUL, start)
    if (nul !== -1 && nul < end) throw malformed('a NUL byte')
    const name = bytes.toString('utf8', start, equals)
    if (!name.endsWith('[]')) attributes.set(name, bytes.toString('utf8', equals + 1, end))
    start = end + 1
  }
  for (const name of NAMES) {
    if (hasControlCharacter(attributes.get(name) ?? '')) throw malformed(`a control character in "${name}"`)
  }
  return attributes
}

/**
 * Writes attributes as git reads them.
 *
 * @throws Failure for a name or value that git could not read back as one: nothing is written in part.
 */
export function formatAttributes(attributes: Iterable<readonly [name: string, value: string]>): string {
  let text = ''
  for (const [name, value] of attributes) {
    if (/[=\n\0]/.test(name) || /[\n\0]/.test(value)) {
      throw new Failure(`the value of "${name.replaceAll(/[^a-z_]/g, '?')}" cannot be passed to git`)
    }
    text += `${name}=${value}\n`
  }
  return text
}

function malformed(what: string): Failure {
  return new Failure(`git's request has ${what}, so it gets no answer`)
}

/** C0, DEL, C1, and the replacement character that stands for bytes which are no UTF-8. */
function hasControlCharacter(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  return /[\u0000-\u001F\u007F-\u009F\uFFFD]/.test(text)
}
