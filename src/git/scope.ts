import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Failure } from '../base/failure.ts'
import { describeGitError } from './config.ts'
import { assertPlainFile } from './edit.ts'
import { runGit, runGitConfig } from './run.ts'

export type Scope = 'global' | 'system' | 'local'

/**
 * The file that `git config --global`, `--system` or `--local` writes, absolute, whether it exists or not.
 *
 * @throws Failure in git's words, as where there is no repository; and for what is there and is no plain file
 * @see https://git-scm.com/docs/git-config#FILES
 */
export function findConfigFile(scope: Scope, env: NodeJS.ProcessEnv): string {
  const file = find(scope, env)
  assertPlainFile(file)
  return file
}

function find(scope: Scope, env: NodeJS.ProcessEnv): string {
  if (scope === 'global') return resolve(readPath('GIT_CONFIG_GLOBAL', env) ?? findGlobal(env))
  if (scope === 'local') return resolve(readAnswer(runGit(['rev-parse', '--git-path', 'config'], env)))
  return resolve(readPath('GIT_CONFIG_SYSTEM', env) ?? findSystem(env))
}

/** Git takes an empty value for a file that does not exist. */
function readPath(variable: string, env: NodeJS.ProcessEnv): string | undefined {
  const path = env[variable]
  if (path !== '') return path
  throw new Failure(`${variable} is empty, so git has no such configuration`, {
    hints: [`unset ${variable}, or let it name a file`],
  })
}

function findGlobal(env: NodeJS.ProcessEnv): string {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? ''
  if (home === '') throw new Failure('HOME is not set, so git has no configuration of yours', { hints: ['set HOME'] })
  const usual = join(home, '.gitconfig')
  const other = join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'git', 'config')
  return !existsSync(usual) && existsSync(other) ? other : usual
}

/** Git older than 2.41 tells its built-in path to an editor alone; it makes no file for that. */
function findSystem(env: NodeJS.ProcessEnv): string {
  return readAnswer(runGitConfig(['--system', '--edit'], { ...env, GIT_EDITOR: 'echo' }))
}

function readAnswer(answer: ReturnType<typeof runGit>): string {
  const { status, stdout, error } = answer
  const path = stdout.replace(/\r?\n$/, '')
  if (status === 0 && path !== '') return path
  throw new Failure(`git's configuration was not found: ${describeGitError(answer)}`, {
    hints: ['for --local, go into a repository; without an option it is your own configuration'],
    cause: error,
  })
}
