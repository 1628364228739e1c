import { createSupportsHyperlinks } from 'supports-hyperlinks'
import type { Context } from './context.ts'
import { PROGRAM } from './program.ts'

/**
 * Tells an address of our own: as a link where the terminal takes it, so that it can be clicked as a whole when its line is broken.
 *
 * @see https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda (OSC 8)
 */
export function tellAddress({ href }: URL, { tell, streams: { stderr } }: Pick<Context, 'tell' | 'streams'>): void {
  if (!stderr.isTTY || !createSupportsHyperlinks(stderr)) return tell(href)
  stderr.write(`${PROGRAM}: \u001B]8;;${href}\u001B\\${href}\u001B]8;;\u001B\\\n`)
}
