import { Failure } from '../base/failure.ts'
import { describeGitError } from './config.ts'
import { runGitConfig } from './run.ts'

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
 * Takes all values of a key out of a file, or those alone that equal one; none being there is as good. All other lines
 * stay, with every comment; with the last line of a section that has no comments, git removes its header, and the blank
 * lines above it.
 *
 * @throws Failure in git's words
 */
export function unsetValue(file: string, key: string, env: NodeJS.ProcessEnv, value?: string): void {
  const which = value === undefined ? ['--unset-all', key] : ['--fixed-value', '--unset-all', key, value]
  change(['--file', file, ...which], env)
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
  const { status, stderr, error } = runGitConfig(args, env)
  if (status === 0 || (status === NOT_THERE && args.includes('--unset-all'))) return
  throw new Failure(`git's configuration cannot be changed: ${describeGitError(error, stderr)}`, {
    hints: ['git config --list --show-origin --name-only'],
    cause: error,
  })
}
