import { Failure } from '../failure.ts'
import { runGit } from './run.ts'

/** What git answers where there is nothing to take out. */
const NOT_THERE = 5

/**
 * Sets a value in the user's own configuration, in the place of all that it had there.
 *
 * @throws Failure in git's words
 */
export function setGlobal(key: string, value: string, env: NodeJS.ProcessEnv): void {
  change(['--replace-all', key, value], env)
}

/** Takes all values of a key out of the user's own configuration; none being there is as good. */
export function unsetGlobal(key: string, env: NodeJS.ProcessEnv): void {
  change(['--unset-all', key], env)
}

function change(args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status, stderr, error } = runGit(['config', '--global', ...args], env)
  if (status === 0 || (status === NOT_THERE && args[0] === '--unset-all')) return
  const reason = error?.message ?? stderr.replace(/^(fatal|error|warning): /, '').split('\n')[0]
  throw new Failure(`git's configuration cannot be changed: ${reason}`, {
    hints: ['git config --list --show-origin'],
    cause: error,
  })
}
