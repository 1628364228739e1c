import { isDeepStrictEqual } from 'node:util'
import { BITBUCKET } from '../../base/bitbucket.ts'
import type { Context } from '../../base/context.ts'
import { orUndefined } from '../../base/failure.ts'
import { PROGRAM } from '../../base/program.ts'
import { findProgram } from '../../base/programs.ts'
import { holdSignals } from '../../base/signals.ts'
import { changeConfig } from '../../git/change.ts'
import { listEntries } from '../../git/config.ts'
import { editConfigFile } from '../../git/edit.ts'
import { listOtherHelpers } from '../../git/otherHelpers.ts'
import { findConfigFile } from '../../git/scope.ts'
import type { Arguments } from '../arguments.ts'
import { removeOldRecords } from './configure/oldRecords.ts'
import { describeLines, HELPER_KEY, HELPER_VALUES, readScope } from './configure/scope.ts'

/** `configure`: has git ask this helper for Bitbucket, and none of those before it, or changes nothing. */
export async function configure(args: Arguments, context: Context): Promise<void> {
  const { env } = context
  const scope = readScope(args)
  const file = findConfigFile(scope, env)
  const isDry = args.has('dry-run')
  warnWhereMissing(context)
  if (!isDry) await removeOldRecords(context)
  if (isConfigured(file, env)) {
    context.write(`nothing to do: ${file} has both lines already\n`)
  } else {
    if (!isDry) await holdSignals(async () => addLines(file, env))
    context.write(`${isDry ? 'would add' : 'added'} to ${file}:\n${describeLines(HELPER_VALUES)}`)
    if (isDry) return
  }
  // A repository's own configuration comes after all others.
  if (scope !== 'local') warnOfOthers(context)
}

function isConfigured(file: string, env: NodeJS.ProcessEnv): boolean {
  const values = listEntries(file, env)
    .filter(([key]) => key === HELPER_KEY)
    .map(([, value]) => value)
  return isDeepStrictEqual(values.slice(values.lastIndexOf('')), HELPER_VALUES)
}

/** Both lines at once: the first one alone would leave Bitbucket without any helper. */
function addLines(file: string, env: NodeJS.ProcessEnv): void {
  editConfigFile(file, (draft) => {
    for (const value of HELPER_VALUES) changeConfig(draft, ['--add', HELPER_KEY, value], env)
  })
}

function warnWhereMissing({ env, tell }: Context): void {
  if (findProgram(PROGRAM, env) !== undefined) return
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
