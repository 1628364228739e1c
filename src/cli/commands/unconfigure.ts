import { readFileSync, writeFileSync } from 'node:fs'
import type { Context } from '../../base/context.ts'
import { Failure, orUndefined } from '../../base/failure.ts'
import { COMMAND } from '../../base/program.ts'
import { quote } from '../../base/shell.ts'
import { holdSignals } from '../../base/signals.ts'
import { listEntries, listOrigins } from '../../git/config.ts'
import { editConfigFile, followLinks } from '../../git/edit.ts'
import { isOwnHelper } from '../../git/otherHelpers.ts'
import { removeEntry } from '../../git/removeEntry.ts'
import { findConfigFile } from '../../git/scope.ts'
import type { Arguments } from '../arguments.ts'
import { describeLines, HELPER_KEY, readScope } from './configure/scope.ts'
import { didMakeFile, forgetUndo, takeBack } from './configure/undo.ts'

/** What a line says that configure wrote, or a person with the program's path in place of its name. */
const PLAIN =
  /^(bitbucket-oauth|!?(['"]?)(|[^\s'"]*[\\/]|(?<=['"])[^'"]*[\\/])git-credential-bitbucket-oauth(\.\w+)?\2)$/

/**
 * `unconfigure`: takes back what configure did, to the byte where nothing else has changed the file since; and of what
 * is left, the lines that name this helper, each with the empty value right before it, and nothing else.
 *
 * @throws Failure where the file cannot be changed; it is as it was then
 */
export async function unconfigure(args: Arguments, context: Context): Promise<void> {
  const { env, write } = context
  const file = findConfigFile(readScope(args), env)
  const data = await context.findDataDirectory()
  if (listOwn(file, env).length === 0) {
    write(`nothing to do: no line in ${file} gives bitbucket.org to this program\n`)
  } else if (args.has('dry-run')) {
    const { values, isFileGone } = foresee(file, data, env)
    write(`would take out of ${file}:\n${describeLines(values)}`)
    if (isFileGone) write(`would remove ${file}, which configure had made\n`)
  } else {
    const { values, isFileGone } = await holdSignals(async () => removeLines(file, data, env))
    write(`took out of ${file}:\n${describeLines(values)}`)
    if (isFileGone) write(`removed ${file}, which configure had made\n`)
    write(`logins are kept; to forget them as well: ${COMMAND} logout\n`)
  }
  if (!args.has('dry-run')) tellOfOthers(context)
}

type Removal = {
  /** Of the key, those that go. */
  readonly values: readonly string[]
  readonly isFileGone: boolean
}

function foresee(file: string, data: string, env: NodeJS.ProcessEnv): Removal {
  const undo = orUndefined(() => takeBack(data, followLinks(file), readFileSync(file)))
  const isFileGone = undo !== undefined && undo.content === undefined
  return { values: listOwn(file, env), isFileGone }
}

function removeLines(file: string, data: string, env: NodeJS.ProcessEnv): Removal {
  const target = followLinks(file)
  let removal: Removal = { values: [], isFileGone: false }
  editConfigFile(file, (draft) => {
    const values = listOwn(draft, env)
    const undo = orUndefined(() => takeBack(data, target, readFileSync(draft)))
    if (undo !== undefined) writeFileSync(draft, undo.content ?? '')
    // What an earlier configure had added, before a line of another helper.
    removeByValue(draft, file, env)
    const isEmpty = readFileSync(draft).length === 0
    removal = { values, isFileGone: isEmpty && orUndefined(() => didMakeFile(data, target)) === true }
    return !removal.isFileGone
  })
  orUndefined(() => forgetUndo(data, target))
  return removal
}

function removeByValue(draft: string, file: string, env: NodeJS.ProcessEnv): void {
  // From the end, so that those before keep their places.
  for (const index of findOwn(listEntries(draft, env)).toReversed()) {
    if (removeEntry(draft, index, env)) continue
    throw new Failure(`one of several equal lines in ${file} cannot be told from the others`, {
      hints: [`git config --file ${quote(file)} --edit`],
    })
  }
}

function listOwn(file: string, env: NodeJS.ProcessEnv): string[] {
  const entries = listEntries(file, env)
  return findOwn(entries).map((place) => entries[place]?.[1] ?? '')
}

/** Where the lines stand that name this helper, each with the empty value of the same key that comes right before it. */
function findOwn(entries: Entries): number[] {
  const storage = entries.flatMap(([key], index) => (key === HELPER_KEY ? [index] : []))
  const isOwn = (place: number | undefined): boolean => place !== undefined && PLAIN.test(entries[place]?.[1] ?? '')
  return storage.filter((place, nth) => isOwn(place) || (entries[place]?.[1] === '' && isOwn(storage[nth + 1])))
}

type Entries = ReturnType<typeof listEntries>

/** Other lines that have git ask this helper: for all hosts, in another file, in a command of the shell. */
function tellOfOthers({ env, tell }: Context): void {
  const others = orUndefined(() => listOrigins('^credential\\.(.*\\.)?helper$', env)) ?? []
  const words = others
    .filter(({ value, origin }) => isOwnHelper(value) && origin.startsWith('file:'))
    .map(({ origin, key, value }) => {
      const path = origin.replace(/^file:/, '')
      const isPlain = key === 'credential.helper' && PLAIN.test(value)
      const cure = isPlain ? ` --fixed-value --unset-all ${key} ${quote(value)}` : ' --edit'
      return `git still asks this program, because of ${key} in ${path}: git config --file ${quote(path)}${cure}`
    })
  for (const text of new Set(words)) tell(text)
}
