import { spawnSync } from 'node:child_process'
import { childEnvironment } from '../../base/childEnvironment.ts'
import { isFixed } from '../../base/fixedPath.ts'
import { findProgram, isProgram } from '../../base/programs.ts'
import { listOrigins } from '../../git/config.ts'
import { HELPER_KEYS, listOtherHelpers } from '../../git/otherHelpers.ts'
import { GIT_TIME_LIMIT_MS } from '../../git/run.ts'
import { removalCommand } from './bypasses.ts'
import { frontOf } from '../front.ts'
import { fault, type Finding, good, note } from './finding.ts'

/**
 * Whether git can start this program where it is configured by a path or a command, which stays when Node or the program
 * moves. It is started as git does it, for the operation `capability`, which touches nothing.
 *
 * @see https://git-scm.com/docs/gitcredentials#_custom_helpers
 */
export function checkStart(url: string, env: NodeJS.ProcessEnv, cures: readonly string[]): Finding[] {
  const shell = findProgram('sh', env)
  const own = listOtherHelpers(url, env).own
  const failing = new Set(own.filter((helper) => shell !== undefined && !starts(helper, shell, env)))
  return [...own.flatMap((helper) => checkFront(helper, cures)), ...listFailing(failing, env, cures)]
}

/** The native front, where git is told to start it by its path. */
function checkFront(helper: string, cures: readonly string[]): Finding[] {
  const path = frontOf(helper)
  if (path === undefined) return []
  if (isProgram(path)) return [good('front', `git starts the native one, ${path}`)]
  return [note('front', `the native one is gone, so git starts this program by its name (${path})`, ...cures)]
}

function listFailing(failing: ReadonlySet<string>, env: NodeJS.ProcessEnv, cures: readonly string[]): Finding[] {
  return listOrigins(HELPER_KEYS, env)
    .filter(({ value }) => failing.has(value))
    .map(({ origin, key, value }) => {
      const text = `git is told to start this program by ${value.startsWith('!') ? 'a command' : 'its path'}, and that fails`
      return fault('helpers', text, removalCommand({ origin, key, pattern: 'bitbucket-oauth' }, env), ...cures)
    })
}

function starts(helper: string, shell: string, env: NodeJS.ProcessEnv): boolean {
  const command = helper.startsWith('!') ? helper.slice(1) : helper
  // By its name, git looks for it as the check of the program does.
  if (command === helper && !isFixed(helper)) return true
  const options = { input: '', encoding: 'utf8', timeout: GIT_TIME_LIMIT_MS } as const
  const { status, stdout } = spawnSync(shell, ['-c', `${command} capability`], {
    ...options,
    env: childEnvironment(env, 'git'),
  })
  return status === 0 && stdout.startsWith('version ')
}
