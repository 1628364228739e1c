import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Surroundings } from '../../base/context.ts'
import { attempt } from '../../base/failure.ts'
import { findProgram } from '../../base/programs.ts'
import { holdSignals } from '../../base/signals.ts'
import { addValue } from '../../git/change.ts'
import { listEntries } from '../../git/config.ts'
import { editConfigFile, followLinks } from '../../git/edit.ts'
import { listOtherHelpers } from '../../git/otherHelpers.ts'
import { findConfigFile } from '../../git/scope.ts'
import { BITBUCKET } from '../../oauth/client.ts'
import type { Arguments } from '../arguments.ts'
import { describeLines, KEY, readScope, VALUES } from './configure/scope.ts'
import { keepUndo } from './configure/undo.ts'

/**
 * `configure`: has git ask this helper for Bitbucket, and none of those that are configured before. What else is
 * configured stays.
 *
 * @throws Failure where the file cannot be changed; it is as it was then
 */
export async function configure(args: Arguments, around: Surroundings): Promise<void> {
  const { env } = around
  const scope = readScope(args)
  const file = findConfigFile(scope, env)
  const isDry = args.has('dry-run')
  warnWhereMissing(around)
  if (isConfigured(file, env)) {
    around.write(`nothing to do: ${file} has both lines already\n`)
  } else {
    const data = await around.findDataDirectory()
    if (!isDry) await holdSignals(async () => addLines(file, data, env))
    around.write(`${isDry ? 'would add' : 'added'} to ${file}:\n${describeLines(VALUES)}`)
    if (isDry) return
  }
  // A repository's own configuration comes after all others.
  if (scope !== 'local') warnOfOthers(around)
}

function isConfigured(file: string, env: NodeJS.ProcessEnv): boolean {
  const values = listEntries(file, env)
    .filter(([key]) => key === KEY)
    .map(([, value]) => value)
  return isDeepStrictEqual(values.slice(values.lastIndexOf('')), VALUES)
}

/** Both lines at once: the first one alone would leave Bitbucket without any helper. */
function addLines(file: string, data: string, env: NodeJS.ProcessEnv): void {
  editConfigFile(file, (draft) => {
    const before = attempt(() => readFileSync(file))
    for (const value of VALUES) addValue(draft, KEY, value, env)
    // Without it, unconfigure goes by what the lines say. Kept first: of a change that then fails it matches nothing.
    attempt(() => keepUndo(data, followLinks(file), before, readFileSync(draft)))
    return true
  })
}

function warnWhereMissing({ env, tell }: Surroundings): void {
  if (findProgram('git-credential-bitbucket-oauth', env) !== undefined) return
  tell(
    'git will not find this program: git-credential-bitbucket-oauth is in no directory of PATH; add the bin directory below what "npm prefix -g" prints',
  )
}

function warnOfOthers({ env, tell }: Surroundings): void {
  const others = attempt(() => listOtherHelpers(BITBUCKET, env))
  if (others === undefined || others.before.length + others.after.length === 0) return
  tell(
    `git still asks other helpers for ${BITBUCKET}, in lines that it reads later: find them with git config --show-origin --get-regexp '^credential\\..*helper$', and move them before those of this program`,
  )
}
