import { basename, dirname, join } from 'node:path'
import type { Context } from '../base/context.ts'
import { PROGRAM } from '../base/program.ts'
import { isProgram } from '../base/programs.ts'
import { quoteForSh } from '../base/shell.ts'

/** The package that npm installs beside this one where there is one for the system, with one file in it. */
const PACKAGE = `@${PROGRAM}/${process.platform}-${process.arch}`

const FILE = process.platform === 'win32' ? 'front.exe' : 'front'

/**
 * The native front (src/front/) that is installed with this program: by npm in its own node_modules, or beside it; in bin/, where this is
 * in lib/.
 */
export function findFront({ keyringProgram }: Context): string | undefined {
  const root = dirname(dirname(keyringProgram))
  const byNpm = [join(root, 'node_modules'), dirname(root)].map((place) => join(place, PACKAGE, FILE))
  const inBin = basename(dirname(root)) === 'lib' ? [join(dirname(dirname(root)), 'bin', PROGRAM)] : []
  return [...byNpm, ...inBin].find(isProgram)
}

/**
 * What git runs to start the front, and this program by its name where the front is gone: with nvm, it goes with the Node that it
 * was installed under. As fast as the path alone, as git starts a shell for that too.
 *
 * @see https://git-scm.com/docs/gitcredentials#_custom_helpers
 */
export function frontCommand(path: string): string {
  return `${BEFORE}${quoteForSh(path)}${AFTER}`
}

/** @returns the path in a {@link frontCommand}, as a shell reads it; undefined for any other helper */
export function frontOf(helper: string): string | undefined {
  if (!helper.startsWith(BEFORE) || !helper.endsWith(AFTER)) return undefined
  const quoted = helper.slice(BEFORE.length, -AFTER.length)
  const path = quoted.startsWith("'") ? quoted.slice(1, -1).replaceAll("'\\''", "'") : quoted
  return quoteForSh(path) === quoted ? path : undefined
}

const BEFORE = '!f() { x='
const AFTER = `; [ -x "$x" ] || x=${PROGRAM}; exec "$x" "$@"; }; f`
