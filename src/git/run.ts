import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { childEnvironment } from '../base/childEnvironment.ts'
import { Failure } from '../base/failure.ts'
import { hideNodeDebug } from '../base/hideNodeDebug.ts'
import { findProgram } from '../base/programs.ts'
import { raise } from '../base/signals.ts'

/**
 * Git may hang on a file system. The limit is half of the time after which a lock counts as abandoned, because we may have
 * the account's lock meanwhile. Milliseconds.
 */
export const GIT_TIME_LIMIT_MS = 5_000

/**
 * No repository. On Windows `/dev/null` would be a path like any other, on the drive that one is on, and git.exe does not take
 * the null device for a directory. Below a file nobody can make anything.
 */
export const NOWHERE = process.platform === 'win32' ? `${process.execPath}/nothing` : '/dev/null'

/**
 * Runs `git config` to its end, outside every repository: GIT_DIR names none. GIT_CONFIG, an old form of --file, is removed.
 * LC_ALL=C makes git answer in English, because we compare its messages.
 *
 * @throws Failure where git can't be found
 */
export function runGitConfig(args: readonly string[], env: NodeJS.ProcessEnv): SpawnSyncReturns<string> {
  const { GIT_CONFIG: _, ...rest } = env
  return runGit(['config', ...args], { ...rest, GIT_DIR: NOWHERE, LC_ALL: 'C' })
}

/**
 * Runs git to its end. Where that was Ctrl-C or a closed terminal, which reach git and us alike, it is ours too.
 *
 * @param input what it reads; nothing by default
 * @param added variables of ours that it has to have
 * @throws Failure where git can't be found
 */
export function runGit(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input = '',
  added: NodeJS.ProcessEnv = {},
): SpawnSyncReturns<string> {
  const git = findProgram('git', env)
  if (git === undefined) throw new Failure('git was not found on PATH', { hints: ['install git, or correct PATH'] })
  hideNodeDebug()
  const options = { input, encoding: 'utf8', timeout: GIT_TIME_LIMIT_MS, windowsHide: true } as const
  const result = spawnSync(git, args, { ...options, env: { ...childEnvironment(env, 'git'), ...added } })
  if (result.signal === 'SIGINT' || result.signal === 'SIGHUP') raise(result.signal)
  // Where it could not be started there is no output, whatever the library's type says.
  const { stdout, stderr }: { stdout: string | null; stderr: string | null } = result
  return { ...result, stdout: stdout ?? '', stderr: stderr ?? '' }
}
