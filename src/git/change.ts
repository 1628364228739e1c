import { Failure } from '../base/failure.ts'
import { describeGitError } from './config.ts'
import { runGit } from './run.ts'

/** What git answers where there is nothing to take out. */
const NOT_THERE = 5

/**
 * Sets a value in a file, in the place of all that the key had there.
 *
 * @throws Failure in git's words
 */
export function setValue(file: string, key: string, value: string, env: NodeJS.ProcessEnv): void {
  change(['--file', file, '--replace-all', key, value], env)
}

/**
 * Takes all values of a key out of a file; none being there is as good.
 *
 * @throws Failure in git's words
 */
export function unsetValue(file: string, key: string, env: NodeJS.ProcessEnv): void {
  change(['--file', file, '--unset-all', key], env)
}

/**
 * Adds a value to a file, which is made where there is none. Other values of the key stay.
 *
 * @throws Failure in git's words
 */
export function addValue(file: string, key: string, value: string, env: NodeJS.ProcessEnv): void {
  change(['--file', file, '--add', key, value], env)
}

function change(args: readonly string[], env: NodeJS.ProcessEnv): void {
  const { status, stderr, error } = runGit(['config', ...args], { ...env, GIT_DIR: '/dev/null' })
  if (status === 0 || (status === NOT_THERE && args.includes('--unset-all'))) return
  throw new Failure(`git's configuration cannot be changed: ${describeGitError(error, stderr)}`, {
    hints: ['git config --list --show-origin --name-only'],
    cause: error,
  })
}
