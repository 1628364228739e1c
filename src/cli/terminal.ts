import { styleText } from 'node:util'
import type { Context } from '../base/context.ts'
import { visible, visibleLines } from '../base/visible.ts'

/** How a text is shown on stdout or stderr: as one line, whatever is in it, and visible. */
export type Terminal = {
  /** In columns; undefined where lines stay whole. */
  readonly width: number | undefined
  /** Colours a text where colours are wanted. */
  readonly paint: (colour: Colour, text: string) => string
  /** Breaks a text at blanks, so that no line is wider than the terminal. All lines but the first are indented. */
  readonly wrap: (text: string, indent?: number) => string
}

type Colour = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** Longer lines are hard to read, however wide the terminal is. Columns. */
const WIDEST = 100

/** For a terminal that does not tell its width. Columns. */
const USUAL_WIDTH = 80

/** Narrower than this, broken lines are no better than long ones. Columns. */
const NARROWEST = 40

/**
 * What a stream can show. A terminal has colours, unless `NO_COLOR` or `FORCE_COLOR` (any value, but not 0) says
 * otherwise. Without a terminal, lines stay whole.
 *
 * @see https://no-color.org
 * @see https://force-color.org
 */
export function describeTerminal(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: NodeJS.ProcessEnv,
): Terminal {
  const isTerminal = stream.isTTY === true
  const width = isTerminal ? Math.max(Math.min(stream.columns || USUAL_WIDTH, WIDEST), NARROWEST) : undefined
  const hasColour = isColourWanted(isTerminal, env)
  return {
    width,
    paint: (colour, text) => (hasColour ? styleText(colour, visible(text), { validateStream: false }) : visible(text)),
    wrap: (text, indent = 0) => breakLines(visible(text), width, indent),
  }
}

function isColourWanted(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false
  if (env['FORCE_COLOR']) return env['FORCE_COLOR'] !== '0'
  return isTerminal && env['TERM'] !== 'dumb'
}

function breakLines(text: string, width: number | undefined, indent: number): string {
  if (width === undefined) return text
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    // A word that is too long for a line stays whole: it may be an address.
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

/** Prints a text on a line of its own: visible on a terminal, as it is for a program. */
export function printLine(text: string, { streams, write }: Context): void {
  write(`${streams.stdout.isTTY ? visible(text) : text}\n`)
}

/** The context of a command, which cannot send more to a terminal than lines with our colours, whatever it forgets. */
export function guardTerminal(context: Context): Context {
  if (!context.streams.stdout.isTTY) return context
  return { ...context, write: (text) => context.write(text.split(OWN_COLOUR).map(guard).join('')) }
}

function guard(part: string): string {
  return OWN_COLOUR.test(part) ? part : visibleLines(part)
}

/** As {@link Terminal} paints. */
const ESCAPE = '\u001B'
const OWN_COLOUR = new RegExp(`(${ESCAPE}\\[\\d{1,2}m)`)
