import { COMMAND } from '../src/base/program.ts'
import type { Block } from '../src/cli/handbook.ts'

/** The handbook as a manual page, for man(1). */
export function manualPage(blocks: readonly Block[], version: string): string {
  const name = COMMAND.replace(' ', '-').replaceAll('-', String.raw`\-`)
  return `${[
    // No date: the same source makes the same page.
    `.TH ${name.toUpperCase()} 1 "" "${name} ${version}" "Git Manual"`,
    // Words are neither divided nor spread.
    '.nh',
    '.ad l',
    ...blocks.map((block, index) => render(block, blocks[index - 1])),
  ].join('\n')}\n`
}

function render(block: Block, before: Block | undefined): string {
  switch (block.kind) {
    case 'chapter':
      return `.SH ${block.text}`
    case 'section':
      return `.SS ${marked(block.text)}`
    case 'synopsis':
      return block.lines.map(marked).join('\n.br\n')
    case 'entry':
      return `.TP\n${marked(block.tag)}\n${prose(block.text)}`
    case 'example':
      return `.PP\n${prose(`${block.text}:`)}\n${verbatim(...block.lines)}`
    default:
      return `${before?.kind === 'paragraph' ? '.PP\n' : ''}${prose(block.text)}`
  }
}

/** A tag or a synopsis. A blank inside brackets is no place to break a line. */
function marked(text: string): string {
  return text
    .replaceAll(/\[[^\]]*\]/g, (part) => part.replaceAll(' ', '\u00A0'))
    .split(/([`*])([^`*]*)\1/)
    .map((part, index, parts) =>
      index % 3 === 0 ? part : index % 3 === 1 ? '' : parts[index - 1] === '`' ? bold(part) : italic(part),
    )
    .join('')
    .replaceAll('\u00A0', '\\ ')
}

/**
 * A text with what stands between backquotes in bold, each character as it is: troff would print typographic quotes and
 * hyphens, which nobody can copy into a shell.
 */
export function prose(text: string): string {
  const parts = text.split('`').map((part, index) => (index % 2 === 0 ? breakable(part) : bold(part)))
  return guard(parts.join(''))
}

function bold(text: string): string {
  return `\\fB${breakable(text)}\\fR`
}

/** What stands for something else. */
function italic(text: string): string {
  return `\\fI${breakable(text)}\\fR`
}

/** Lines as they are, to be copied. */
function verbatim(...lines: readonly string[]): string {
  return `.RS 4\n.nf\n${lines.map((line) => guard(escape(line))).join('\n')}\n.fi\n.RE`
}

/** A longer word would stick out of a narrow terminal, so it may be broken after a slash or a dot. */
const LONG_WORD = /\S{25,}/g

function breakable(text: string): string {
  const divided = text.replace(LONG_WORD, (word) => word.replace(/(?<=\w)[/.](?=\w)|(?<=>)\./g, '$&\0'))
  return escape(divided).replaceAll('\0', '\\:')
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
