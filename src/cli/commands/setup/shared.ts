import { listOrigins } from '../../../git/config.ts'
import { findConfigFile } from '../../../git/scope.ts'
import { areOwnValues, HELPER_KEY } from '../configure/scope.ts'

/** The key of a consumer that others have configured for this machine, as a company does in the system's configuration. */
export function findSharedKey(env: NodeJS.ProcessEnv): string | undefined {
  const found = listOrigins('^credential\\.https://bitbucket\\.org\\.oauthclientid$', env).at(-1)
  return found === undefined || found.origin === ownOrigin(env) ? undefined : found.value
}

/** The file, if another than the user's own, by which git asks this program for Bitbucket, and no other. */
export function findSharedHelper(env: NodeJS.ProcessEnv): string | undefined {
  const lines = listOrigins(`^${HELPER_KEY.replaceAll('.', '\\.')}$`, env)
  const last = lines.slice(lines.findLastIndex(({ value }) => value === ''))
  const isShared = last.every(({ origin }) => origin !== ownOrigin(env))
  const isOurs = areOwnValues(last.map(({ value }) => value))
  return isShared && isOurs ? last.at(-1)?.origin.replace(/^file:/, '') : undefined
}

function ownOrigin(env: NodeJS.ProcessEnv): string {
  return `file:${findConfigFile('global', env)}`
}
