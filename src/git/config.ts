import type { SpawnSyncReturns } from 'node:child_process'
import { Failure, systemCode } from '../base/failure.ts'
import { GIT_TIME_LIMIT_MS, runGit, runGitConfig } from './run.ts'

/** Values of git's configuration by key, in lower case as git prints them: `oauthclientid`. Some are secret. */
export type Settings = ReadonlyMap<string, string>

/**
 * The settings of one section (`credential`, `http`) that hold for a URL, chosen by git itself, in one process.
 *
 * Read from system, global and command scope only. A repository's own configuration is anybody's who can make you
 * clone it, and could send your tokens to an endpoint of theirs. GIT_DIR names no repository here, so git sees none.
 * (What `includeIf "gitdir:…"` would add is therefore not seen either: see docs/decisions.md.)
 *
 * @throws Failure where git can't be found, or can't read its configuration
 * @see https://git-scm.com/docs/git-config#Documentation/git-config.txt---get-urlmatchnameurl
 */
export function readSettings(section: string, url: string, env: NodeJS.ProcessEnv): Settings {
  return new Map(
    readConfig(['--get-urlmatch', section, url], env).map(([key, value]) => [key.slice(section.length + 1), value]),
  )
}

/**
 * One setting that holds for a URL, as git reads a path: `~/` and `%(prefix)/` stand for what git takes for them.
 *
 * @throws Failure where git can't be found, or can't tell
 */
export function readPathSetting(key: string, url: string, env: NodeJS.ProcessEnv): string | undefined {
  return readFields(['--type=path', '--get-urlmatch', key, url], env)[0]
}

/**
 * All values of the keys that match a regular expression, in the order of git's files. Scopes as in {@link readSettings}.
 *
 * @throws Failure where git can't be found, or can't read its configuration
 */
export function listValues(keys: string, env: NodeJS.ProcessEnv): (readonly [key: string, value: string])[] {
  return readConfig(['--get-regexp', keys], env)
}

/**
 * All that one file sets, without what it includes, in its order: nothing where there is no such file.
 *
 * @throws Failure where git can't be found, or can't read the file
 */
export function listEntries(file: string, env: NodeJS.ProcessEnv): (readonly [key: string, value: string])[] {
  return readConfig(['--file', file, '--get-regexp', '.'], env)
}

/** As {@link listValues}, each with git's word for where it comes from: `file:/home/alice/.gitconfig`. */
export function listOrigins(
  keys: string,
  env: NodeJS.ProcessEnv,
): { readonly origin: string; readonly key: string; readonly value: string }[] {
  const fields = readFields(['--show-origin', '--get-regexp', keys], env)
  return fields.flatMap((origin, index) => {
    const [key, value] = parseEntry(fields[index + 1] ?? '')
    return index % 2 === 0 ? [{ origin, key, value }] : []
  })
}

/** The origin of what a repository's own configuration sets. */
export const LOCAL_ORIGIN = 'local'

/**
 * As {@link listOrigins}, of the configuration of the repository that we stand in, without what it includes: nothing
 * where we stand in none. To be shown and never followed, as it is anybody's who can make you clone it.
 */
export function listLocal(keys: string, env: NodeJS.ProcessEnv): { origin: string; key: string; value: string }[] {
  const { GIT_CONFIG: _, ...rest } = env
  const { status, stdout } = runGit(['config', '-z', '--local', '--get-regexp', keys], rest)
  if (status !== 0) return []
  return splitFields(stdout).map((field) => {
    const [key, value] = parseEntry(field)
    return { origin: LOCAL_ORIGIN, key, value }
  })
}

/**
 * Where the keys that match are set, as git itself finds them here: by the repository, or by an `includeIf` that goes by it
 * too. To be shown and never followed.
 */
export function listHere(keys: string, env: NodeJS.ProcessEnv): { scope: string; origin: string; key: string }[] {
  const args = ['config', '-z', '--show-scope', '--show-origin', '--name-only', '--get-regexp', keys]
  const { GIT_CONFIG: _, ...rest } = env
  const fields = splitFields(runGit(args, rest).stdout)
  return fields.flatMap((scope, index) =>
    index % 3 === 0 ? [{ scope, origin: fields[index + 1] ?? '', key: fields[index + 2] ?? '' }] : [],
  )
}

function readConfig(args: readonly string[], env: NodeJS.ProcessEnv): (readonly [key: string, value: string])[] {
  return readFields(args, env).map(parseEntry)
}

function readFields(args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const answer = runGitConfig(['-z', ...args], env)
  const { status, stdout, stderr, error } = answer
  // Exit code 1: no such setting. It is also git's for a file that it cannot read, which only its warning tells.
  if ((status !== 0 && status !== 1) || stderr.includes('unable to access')) {
    throw new Failure(`git's configuration cannot be read: ${describeGitError(answer)}`, {
      hints: ['git config --list --show-origin --name-only'],
      cause: error,
    })
  }
  return splitFields(stdout)
}

function splitFields(text: string): string[] {
  return text.split('\0').filter((field) => field !== '')
}

/** "credential.oauthclientid\nVALUE"; without a line feed it is a key alone, which git takes for true. */
function parseEntry(entry: string): readonly [key: string, value: string] {
  const end = entry.indexOf('\n')
  return end === -1 ? [entry, 'true'] : [entry.slice(0, end), entry.slice(end + 1)]
}

/** Why git did not do what it was called for, in its own words. */
export function describeGitError({ error, signal, stderr }: SpawnSyncReturns<string>): string {
  if (systemCode(error) === 'ETIMEDOUT') return `git did not answer within ${GIT_TIME_LIMIT_MS / 1000} seconds`
  if (error === undefined && signal !== null) return `git ended with ${signal}`
  return error?.message ?? stderr.replace(/^(fatal|warning|error): /, '').split('\n')[0] ?? ''
}
