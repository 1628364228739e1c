import { Failure } from '../base/failure.ts'
import { describeGitError } from './config.ts'
import { runGitConfig } from './run.ts'

/** The exit code of `--unset-all` where there is nothing to take out, which is as good. */
const NOT_THERE = 5

/**
 * Changes one key of a file as `git config` does, which makes a missing file: `--replace-all KEY VALUE`, `--add KEY VALUE`,
 * or `--unset-all KEY`, and with `--fixed-value` before it and a value behind it, that value alone. All other lines stay,
 * with every comment. When git removes the last line of a section without comments, it removes the header as well, and
 * the blank lines above it.
 *
 * @throws Failure in git's words
 */
export function changeConfig(file: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  const answer = runGitConfig(['--file', file, ...args], env)
  const { status, error } = answer
  if (status === 0 || (status === NOT_THERE && args.includes('--unset-all'))) return
  throw new Failure(`git's configuration cannot be changed: ${describeGitError(answer)}`, {
    hints: ['git config --list --show-origin --name-only'],
    cause: error,
  })
}
