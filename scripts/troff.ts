/**
 * A text with what stands between backquotes in bold, each character as it is: troff would print typographic quotes and
 * hyphens, which nobody can copy into a shell.
 */
export function prose(text: string): string {
  const parts = text.split('`').map((part, index) => (index % 2 === 0 ? breakable(part) : bold(part)))
  return guard(parts.join(''))
}

export function bold(text: string): string {
  return `\\fB${breakable(text)}\\fR`
}

/** What stands for something else. */
export function italic(text: string): string {
  return `\\fI${breakable(text)}\\fR`
}

/** A paragraph below what it is about. */
export function entry(tag: string, text: string): string {
  return `.TP\n${tag}\n${prose(text)}`
}

/** Lines as they are, to be copied. */
export function verbatim(...lines: readonly string[]): string {
  return `.RS 4\n.nf\n${lines.map((line) => guard(escape(line))).join('\n')}\n.fi\n.RE`
}

/** A longer word would stick out of a narrow terminal, so it may be broken after a slash or a dot. */
const LONG_WORD = /\S{25,}/g

function breakable(text: string): string {
  const marked = text.replace(LONG_WORD, (word) => word.replace(/(?<=\w)[/.](?=\w)|(?<=>)\./g, '$&\0'))
  return escape(marked).replaceAll('\0', '\\:')
}

function escape(text: string): string {
  return text.replace(/[\\'"^~`-]/g, (character) => ESCAPES[character] ?? character)
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\e',
  "'": '\\(aq',
  '"': '\\(dq',
  '^': '\\(ha',
  '~': '\\(ti',
  '`': '\\(ga',
  '-': '\\-',
}

/** A line that begins with a dot is a request to troff. */
function guard(line: string): string {
  return line.startsWith('.') ? `\\&${line}` : line
}
