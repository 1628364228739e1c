import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Failure } from '../base/failure.ts'
import { findHome } from '../base/home.ts'
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

/** Git takes an empty value, and Windows' git the null device by both its names, for a file that does not exist. */
export function readPath(variable: string, env: NodeJS.ProcessEnv, platform = process.platform): string | undefined {
  const path = env[variable]
  const isNone =
    path === '' || (platform === 'win32' && path !== undefined && /^(\/dev\/null|(\\\\\.\\)?nul)$/i.test(path))
  if (!isNone) return path
  throw new Failure(`${variable} names no file, so git has no such configuration`, {
    hints: [`unset ${variable}, or let it name a file`],
  })
}

function findGlobal(env: NodeJS.ProcessEnv): string {
  const home = findHome(env) ?? ''
  if (home === '') throw new Failure('HOME is not set, so git has no configuration of yours', { hints: ['set HOME'] })
  const usual = join(home, '.gitconfig')
  const other = join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'git', 'config')
  return !existsSync(usual) && existsSync(other) ? other : usual
}

/** Git older than 2.41 tells its built-in path to an editor alone; it makes no file for that. */
function findSystem(env: NodeJS.ProcessEnv): string {
  const path = runGit(['var', 'GIT_CONFIG_SYSTEM'], env)
  if (path.status === 0) return readAnswer(path)
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
