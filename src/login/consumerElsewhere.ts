import { Failure, isFailure, orUndefined } from '../base/failure.ts'
import { quote } from '../base/shell.ts'
import { listHere, type Settings } from '../git/config.ts'
import { mayMatch } from '../git/otherHelpers.ts'
import { type Client, readClient, readClientId } from '../oauth/client.ts'

/**
 * As `readClient`. Where there is none, it says why one that git itself finds is not followed.
 *
 * @throws Failure `not_configured`
 */
export function requireClient(url: string, settings: Settings, env: NodeJS.ProcessEnv, keptSecret?: string): Client {
  try {
    return readClient(url, settings, env, keptSecret)
  } catch (error) {
    if (!isFailure(error) || readClientId(url, settings, env) !== undefined) throw error
    throw explainMissingConsumer(error, url, env)
  }
}

function explainMissingConsumer(missing: Failure, url: string, env: NodeJS.ProcessEnv): Failure {
  const code = 'not_configured'
  if (!env['HOME'] && env['GIT_CONFIG_GLOBAL'] === undefined && process.platform !== 'win32') {
    const message = `HOME is not set, so git reads no configuration of yours, and no OAuth consumer is known for ${url}`
    return new Failure(message, { code, hints: ['set HOME to your home directory'], cause: missing })
  }
  const found = orUndefined(() => listHere(KEYS, env))?.filter(({ key }) => mayMatch(patternOf(key), url)) ?? []
  if (found.length === 0) return missing
  return new Failure(`the OAuth consumer for ${url} is configured only for some repositories, which is not followed`, {
    code,
    hints: [
      ...found.map(({ origin, scope, key }) => `${key} stands in ${origin.replace(/^file:/, '')} (${scope})`),
      `move it to where it holds everywhere: git config --global ${quote(`credential.${url}.oauthClientId`)} KEY`,
    ],
    cause: missing,
  })
}

const KEYS = '^credential\\.(.*\\.)?oauthclientid$'

function patternOf(key: string): string {
  return key.split('.').slice(1, -1).join('.')
}
