const NAME = 'git-credential-bitbucket-oauth'

/**
 * Where access tokens lie, which may be lost at a reboot: in `XDG_RUNTIME_DIR` (a RAM disk of the user's on most Linux
 * systems) where it is set, else in the platform's cache.
 *
 * @see https://specifications.freedesktop.org/basedir-spec/latest/
 */
export async function findRuntimeDirectory(env: NodeJS.ProcessEnv): Promise<string> {
  const runtime = env['XDG_RUNTIME_DIR']
  // The specification: a relative path is to be ignored. It would also depend on the repository git stands in.
  return runtime?.startsWith('/') ? `${runtime}/${NAME}` : (await findPlaces()).cache
}

/** Where refresh tokens lie, which must last. */
export async function findDataDirectory(): Promise<string> {
  return (await findPlaces()).data
}

/** Asked when needed: where XDG_RUNTIME_DIR is set, the cached path goes without it. */
async function findPlaces(): Promise<{ data: string; cache: string }> {
  const { default: envPaths } = await import('env-paths')
  return envPaths(NAME, { suffix: '' })
}
