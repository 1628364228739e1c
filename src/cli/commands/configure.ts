import { isDeepStrictEqual } from 'node:util'
import { BITBUCKET } from '../../base/bitbucket.ts'
import type { Context } from '../../base/context.ts'
import { orUndefined } from '../../base/failure.ts'
import { PROGRAM } from '../../base/program.ts'
import { findHelper } from '../../base/programs.ts'
import { holdSignals } from '../../base/signals.ts'
import { changeConfig } from '../../git/change.ts'
import { listEntries } from '../../git/config.ts'
import { editConfigFile } from '../../git/edit.ts'
import { isOwnHelper, listOtherHelpers } from '../../git/otherHelpers.ts'
import { findConfigFile } from '../../git/scope.ts'
import { type Arguments, usageFailure } from '../arguments.ts'
import { removeOldRecords } from './configure/oldRecords.ts'
import { areOwnValues, describeLines, HELPER_KEY, helperValues, readScope } from './configure/scope.ts'

/** `configure`: has git ask this helper for Bitbucket, and none of those before it, or changes nothing. */
export async function configure(args: Arguments, context: Context): Promise<void> {
  const { env } = context
  const scope = readScope(args)
  const file = findConfigFile(scope, env)
  const isDry = args.has('dry-run')
  const key = args.text('key')
  warnWhereMissing(context)
  if (!isDry) await removeOldRecords(context)
  const values = helperValues(context)
  const own = listOwn(file, env)
  if (isDeepStrictEqual(own, values)) {
    context.write(`nothing to do: ${file} has both lines already\n`)
  } else if (areOwnValues(own)) {
    if (!isDry) await holdSignals(async () => replaceLine(file, own, values, env))
    context.write(`${isDry ? 'would set' : 'set'} the second line in ${file} anew:\n${describeLines(values)}`)
  } else if (own.length > 0) {
    context.write(`nothing to do: ${file} has a line of yours for this program\n`)
  } else {
    if (!isDry) await holdSignals(async () => addLines(file, values, env))
    context.write(`${isDry ? 'would add' : 'added'} to ${file}:\n${describeLines(values)}`)
  }
  if (key !== undefined) configureKey(file, key, isDry, context)
  // A repository's own configuration comes after all others.
  if (scope !== 'local' && !isDry) warnOfOthers(context)
}

/** What a file has for this program: the two lines, or a user's own command, which would be of no use before the two. */
function listOwn(file: string, env: NodeJS.ProcessEnv): readonly string[] {
  const entries = listEntries(file, env)
  const values = entries.filter(([key]) => key === HELPER_KEY).map(([, value]) => value)
  const last = values.slice(values.lastIndexOf(''))
  if (areOwnValues(last)) return last
  return entries
    .filter(([key]) => key === HELPER_KEY || key === 'credential.helper')
    .map(([, value]) => value)
    .filter((value) => value.startsWith('!') && isOwnHelper(value))
}

/** Both lines at once: the first one alone would leave Bitbucket without any helper. */
function addLines(file: string, values: readonly string[], env: NodeJS.ProcessEnv): void {
  editConfigFile(file, (draft) => {
    for (const value of values) changeConfig(draft, ['--add', HELPER_KEY, value], env)
  })
}

/** Where the front was installed since, or has moved. */
function replaceLine(
  file: string,
  [, before = '']: readonly string[],
  [, after = '']: readonly string[],
  env: NodeJS.ProcessEnv,
): void {
  editConfigFile(file, (draft) =>
    changeConfig(draft, ['--fixed-value', '--replace-all', HELPER_KEY, after, before], env),
  )
}

/** The key is no secret. With it in the system's configuration, `setup` asks each person for the secret alone. */
function configureKey(file: string, key: string, isDry: boolean, { env, write }: Context): void {
  if (key.trim() === '') throw usageFailure('the key is empty', "give the consumer's key, or leave out --key")
  const present = new Map(listEntries(file, env)).get(KEY.toLowerCase())
  if (present === key) return write(`nothing to do: ${file} has the key already\n`)
  if (!isDry) editConfigFile(file, (draft) => changeConfig(draft, ['--replace-all', KEY, key], env))
  write(`${isDry ? 'would set' : 'set'} the consumer's key in ${file}\n`)
}

const KEY = `credential.${BITBUCKET}.oauthClientId`

function warnWhereMissing({ env, tell }: Context): void {
  if (findHelper(PROGRAM, env) !== undefined) return
  tell(
    `git will not find this program: ${PROGRAM} is in no directory of PATH; add the bin directory below what "npm prefix -g" prints`,
  )
}

function warnOfOthers({ env, tell }: Context): void {
  const others = orUndefined(() => listOtherHelpers(BITBUCKET, env))
  if (others === undefined || others.before.length + others.after.length === 0) return
  tell(
    `git still asks other helpers for ${BITBUCKET}, in lines that it reads later: find them with git config --show-origin --get-regexp '^credential\\..*helper$', and move them before those of this program`,
  )
}
