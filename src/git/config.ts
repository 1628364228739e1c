import { spawnSync } from 'node:child_process'
import { Failure, systemCode } from '../failure.ts'
import { findProgram } from '../programs.ts'

/** Values of git's configuration by key, in lower case as git prints them: `oauthclientid`. Some are secret. */
export type Settings = ReadonlyMap<string, string>

/**
 * A file system that hangs must not hang us; and no longer, under the account's lock, than half the time after which
 * a lock counts as forgotten. Milliseconds.
 */
const TIME_LIMIT = 5_000

/**
 * The settings of one section (`credential`, `http`) that hold for a URL, chosen by git itself, in one process.
 *
 * Read from system, global and command scope only. A repository's own configuration is anybody's who can make you
 * clone it, and could send your tokens to an endpoint of theirs. GIT_DIR names no repository here, so git sees none.
 * (What `includeIf "gitdir:…"` would add is therefore not seen either.)
 *
 * @throws Failure where git can't be found, or can't read its configuration
 * @see https://git-scm.com/docs/git-config#Documentation/git-config.txt---get-urlmatchnameurl
 */
export function readSettings(section: string, url: string, env: NodeJS.ProcessEnv): Settings {
  const git = findProgram('git', env)
  if (git === undefined) throw new Failure('git was not found on PATH', { hints: ['install git, or mend PATH'] })
  const { GIT_CONFIG: _, ...rest } = env
  const { status, stdout, stderr, error } = spawnSync(git, ['config', '-z', '--get-urlmatch', section, url], {
    env: { ...rest, GIT_DIR: '/dev/null' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIME_LIMIT,
    windowsHide: true,
  })
  // Exit code 1: no such setting. It is also what git says of a file that it may not read, with a warning.
  if ((status !== 0 && status !== 1) || stderr.includes('unable to access')) {
    throw new Failure(`git's configuration cannot be read: ${tellWhy(error, stderr)}`, {
      hints: ['git config --list --show-origin'],
      cause: error,
    })
  }
  return new Map(parseSettings(section, stdout))
}

function tellWhy(error: Error | undefined, stderr: string): string {
  if (systemCode(error) === 'ETIMEDOUT') return `git did not answer within ${TIME_LIMIT / 1000} seconds`
  return error?.message ?? stderr.replace(/^(fatal|warning): /, '').split('\n')[0] ?? ''
}

function* parseSettings(section: string, output: string): Iterable<[key: string, value: string]> {
  for (const entry of output.split('\0')) {
    if (entry === '') continue
    // "credential.oauthclientid\nVALUE"; without a line feed it is a key alone, which git takes for true.
    const end = entry.indexOf('\n')
    const key = (end === -1 ? entry : entry.slice(0, end)).slice(section.length + 1)
    yield [key, end === -1 ? 'true' : entry.slice(end + 1)]
  }
}
