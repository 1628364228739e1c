import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { BITBUCKET } from '../../base/bitbucket.ts'
import type { Context } from '../../base/context.ts'
import { orUndefined } from '../../base/failure.ts'
import { PROGRAM } from '../../base/program.ts'
import { findProgram } from '../../base/programs.ts'
import { holdSignals } from '../../base/signals.ts'
import { addValue } from '../../git/change.ts'
import { listEntries } from '../../git/config.ts'
import { editConfigFile, followLinks } from '../../git/edit.ts'
import { listOtherHelpers } from '../../git/otherHelpers.ts'
import { findConfigFile } from '../../git/scope.ts'
import type { Arguments } from '../arguments.ts'
import { describeLines, HELPER_KEY, HELPER_VALUES, readScope } from './configure/scope.ts'
import { keepUndo } from './configure/undo.ts'

/**
 * `configure`: has git ask this helper for Bitbucket, and none of those that are configured before. What else is
 * configured stays.
 *
 * @throws Failure where the file cannot be changed; it is as it was then
 */
export async function configure(args: Arguments, context: Context): Promise<void> {
  const { env } = context
  const scope = readScope(args)
  const file = findConfigFile(scope, env)
  const isDry = args.has('dry-run')
  warnWhereMissing(context)
  if (isConfigured(file, env)) {
    context.write(`nothing to do: ${file} has both lines already\n`)
  } else {
    const data = await context.findDataDirectory()
    if (!isDry) await holdSignals(async () => addLines(file, data, env))
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
function addLines(file: string, data: string, env: NodeJS.ProcessEnv): void {
  editConfigFile(file, (draft) => {
    const before = orUndefined(() => readFileSync(file))
    for (const value of HELPER_VALUES) addValue(draft, HELPER_KEY, value, env)
    // Without it, unconfigure goes by what the lines say. Kept first: of a change that then fails it matches nothing.
    orUndefined(() => keepUndo(data, followLinks(file), before, readFileSync(draft)))
    return true
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
