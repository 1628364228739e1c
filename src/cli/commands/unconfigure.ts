import { readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Context } from '../../base/context.ts'
import { Failure, orUndefined } from '../../base/failure.ts'
import { COMMAND } from '../../base/program.ts'
import { quote } from '../../base/shell.ts'
import { holdSignals } from '../../base/signals.ts'
import { changeConfig } from '../../git/change.ts'
import { listEntries, listOrigins } from '../../git/config.ts'
import { editConfigFile } from '../../git/edit.ts'
import { isOwnHelper } from '../../git/otherHelpers.ts'
import { findConfigFile } from '../../git/scope.ts'
import type { Arguments } from '../arguments.ts'
import { frontOf } from '../front.ts'
import { removeOldRecords } from './configure/oldRecords.ts'
import { describeLines, HELPER_KEY, readScope } from './configure/scope.ts'

/** What a line says that configure wrote, or a person with the program's path in place of its name. */
const PLAIN =
  /^(bitbucket-oauth|!?(['"]?)(|[^\s'"]*[\\/]|(?<=['"])[^'"]*[\\/])git-credential-bitbucket-oauth(\.\w+)?\2)$/

function isPlain(helper: string): boolean {
  return PLAIN.test(helper) || frontOf(helper) !== undefined
}

/** `unconfigure`: takes out the lines that name this helper for Bitbucket, each with the empty value right before it. */
export async function unconfigure(args: Arguments, context: Context): Promise<void> {
  const { env, write } = context
  const file = findConfigFile(readScope(args), env)
  const isDry = args.has('dry-run')
  if (!isDry) await removeOldRecords(context)
  const { own } = readLines(file, env)
  if (own.length === 0) {
    write(`nothing to do: no line in ${file} gives bitbucket.org to this program\n`)
  } else if (isDry) {
    write(`would take out of ${file}:\n${describeLines(own)}`)
  } else {
    const removed = await holdSignals(async () => removeLines(file, env))
    write(`took out of ${file}:\n${describeLines(removed)}`)
    write(`logins are kept; to forget them as well: ${COMMAND} logout\n`)
  }
  if (!isDry) tellOfOthers(context)
}

type Entries = ReturnType<typeof listEntries>

/** What a file sets: values of the key in lines that are ours to remove, and all that stays. */
function readLines(file: string, env: NodeJS.ProcessEnv): { own: string[]; others: Entries } {
  const entries = listEntries(file, env)
  const places = findOwn(entries)
  return {
    own: places.map((place) => entries[place]?.[1] ?? ''),
    others: entries.filter((_, place) => !places.includes(place)),
  }
}

/** Where the lines stand that name this helper, each with the empty value of the same key that comes right before it. */
function findOwn(entries: Entries): number[] {
  const helpers = entries.flatMap(([key], index) => (key === HELPER_KEY ? [index] : []))
  const isOwn = (place: number | undefined): boolean => place !== undefined && isPlain(entries[place]?.[1] ?? '')
  return helpers.filter((place, nth) => isOwn(place) || (entries[place]?.[1] === '' && isOwn(helpers[nth + 1])))
}

function removeLines(file: string, env: NodeJS.ProcessEnv): string[] {
  let removed: string[] = []
  editConfigFile(file, (draft) => {
    const { own, others } = readLines(draft, env)
    const values = new Set(own)
    if (others.some(([key, value]) => key === HELPER_KEY && value === '')) {
      // Git cannot tell an empty value of ours from those of others.
      cutEmptyLines(draft)
      values.delete('')
    }
    for (const value of values) changeConfig(draft, ['--fixed-value', '--unset-all', HELPER_KEY, value], env)
    removed = own
    if (isDeepStrictEqual(listEntries(draft, env), others)) return
    throw new Failure(`one of several equal lines in ${file} cannot be told from the others`, {
      hints: [`git config --file ${quote(file)} --edit`],
    })
  })
  return removed
}

/** Cuts the empty values for Bitbucket that stand in a line right above one of this helper. */
function cutEmptyLines(path: string): void {
  // A character for each byte: whatever the user's encoding, it goes back as it came.
  const sections = readFileSync(path, 'latin1').split(/^(?=[ \t]*\[)/m)
  const kept = sections.map((text) => (OWN_SECTION.test(text) ? text.replaceAll(EMPTY_ABOVE_OWN, '') : text))
  writeFileSync(path, kept.join(''), 'latin1')
}

const OWN_SECTION = /^[ \t]*\[credential "https:\/\/bitbucket\.org"\]/i
const EMPTY_ABOVE_OWN = /^[ \t]*helper[ \t]*=[ \t]*\r?\n(?=[ \t]*helper[ \t]*=.*bitbucket-oauth)/gim

/** Other lines that have git ask this helper: for all hosts, in another file, in a command of the shell. */
function tellOfOthers({ env, tell }: Context): void {
  const others = orUndefined(() => listOrigins('^credential\\.(.*\\.)?helper$', env)) ?? []
  const words = others
    .filter(({ value, origin }) => isOwnHelper(value) && origin.startsWith('file:'))
    .map(({ origin, key, value }) => {
      const path = origin.replace(/^file:/, '')
      const cure =
        key === 'credential.helper' && isPlain(value) ? ` --fixed-value --unset-all ${key} ${quote(value)}` : ' --edit'
      return `git still asks this program, because of ${key} in ${path}: git config --file ${quote(path)}${cure}`
    })
  for (const text of new Set(words)) tell(text)
}
