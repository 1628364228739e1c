import envPaths from 'env-paths'
import { join } from 'node:path'

/** Where the program keeps things; each directory is our own, mode 0700, made when something is written to it. */
export type Directories = {
  /** What may be lost at a reboot: access tokens. */
  readonly runtime: string
  /** What must last: refresh tokens. */
  readonly data: string
}

const NAME = 'git-credential-bitbucket-oauth'

/**
 * `XDG_RUNTIME_DIR` (a RAM disk of the user's on most Linux systems) for what is short-lived, where it is set; the
 * platform's own places otherwise.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function findDirectories(env: NodeJS.ProcessEnv): Directories {
  const places = envPaths(NAME, { suffix: '' })
  const runtime = env['XDG_RUNTIME_DIR']
  // The specification: a relative path is to be ignored. It would also depend on the repository git stands in.
  return { runtime: runtime?.startsWith('/') ? join(runtime, NAME) : places.cache, data: places.data }
}
