import { BITBUCKET } from '../base/bitbucket.ts'
import { Failure } from '../base/failure.ts'
import { COMMAND, variableName } from '../base/program.ts'
import { quote } from '../base/shell.ts'
import { readVariable } from '../base/variables.ts'
import { isConfidential, isLoopback } from '../http/loopback.ts'
import { type Provider, readProvider } from './provider.ts'

/** How a token is obtained: by a person who logs in, or by the consumer's key and secret alone (RFC 6749, 4.1 and 4.4). */
export type Grant = 'authorization_code' | 'client_credentials'

/** The OAuth client: the user's own consumer, as Bitbucket calls it. `clientSecret` is secret. */
export type Client = {
  readonly grant: Grant
  /** Bitbucket calls it the key. */
  readonly clientId: string
  readonly clientSecret: string
  /** `kept` means with the logins: in the keyring, or in a file. */
  readonly secretSource: 'environment' | 'configuration' | 'kept'
  readonly product: Provider['product']
  readonly authenticatesBy: Provider['authenticatesBy']
  /** Who the server says it is, if it says so (RFC 9207). */
  readonly issuer: string
  readonly authorizationEndpoint: URL
  readonly tokenEndpoint: URL
  /** RFC 7009. Bitbucket has one beside the token endpoint, and does not document it. */
  readonly revocationEndpoint: URL
  /** As {@link readApiUrl} tells. */
  readonly apiUrl: URL | undefined
  /** Exactly as the consumer has it: the server compares it as text (RFC 6749, section 3.1.2.3). */
  readonly redirectUri: string
  /** Undefined unless configured: then the permissions ticked for the consumer decide. */
  readonly scope: string | undefined
}

/** Values of `credential.<url>.*` by key in lower case. */
type Settings = ReadonlyMap<string, string>

const BITBUCKET_API = 'https://api.bitbucket.org'

/** The callback URL that our documentation names for the consumer. */
export const DEFAULT_REDIRECT_URI = 'http://localhost:8976'

/** Where all of one row are set for a host, the user wants it to be ours. */
const OWN_HOST_KEYS = [
  ['oauthclientid', 'oauthauthurl', 'oauthtokenurl'],
  ['oauthclientid', 'oauthprovider'],
] as const

/**
 * Whether a URL could be ours: it is a protocol, a host, perhaps a path, and nothing else; no dot follows the name (git's
 * matching of URLs would take that for the same host); it has no character that git does not allow in a host; and a secret
 * may be sent there.
 */
export function mayBeOurs(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { origin, host, hostname, pathname } = new URL(url)
  if (`${origin}${pathname === '/' ? '' : pathname}` !== url || url.endsWith('/')) return false
  const isPlain = /^[\w.:[\]-]+$/.test(host) && !hostname.endsWith('.') && /^[\w.~/-]+$/.test(pathname)
  return isPlain && isConfidential(new URL(url))
}

/**
 * Whether requests for a URL are ours to answer. Bitbucket's always are. Those for another host are where the user has
 * configured a client id and both endpoints, or its kind, for that URL, or for a pattern that matches it, as
 * `https://*.acme.example`.
 *
 * @param url protocol and host, as `https://bitbucket.org`
 * @param settings those for the URL
 * @param general gives the settings for all URLs of this protocol: they name no host, so they make none ours
 */
export function isOurs(url: string, settings: Settings, general: () => Settings): boolean {
  if (url === BITBUCKET) return true
  const rows = OWN_HOST_KEYS.filter((keys) => keys.every((key) => settings.has(key)))
  if (rows.length === 0) return false
  const elsewhere = general()
  return rows.some((keys) => keys.every((key) => settings.get(key) !== elsewhere.get(key)))
}

/**
 * Whether a path of a host is that of a server of its own: something that makes a host ours is configured for it which is not
 * so for the path above.
 *
 * @param settings those for the path
 * @param above those for the path without its last part
 */
export function isOwnServer(settings: Settings, above: Settings): boolean {
  return OWN_HOST_KEYS.some(
    (keys) => keys.every((key) => settings.has(key)) && keys.some((key) => settings.get(key) !== above.get(key)),
  )
}

/** The configured client id, where its secret is not configured but may be kept with the logins. */
export function findClientIdWithoutSecret(url: string, settings: Settings, env: NodeJS.ProcessEnv): string | undefined {
  const { clientId, clientSecret } = readConsumer(url, settings, env)
  return clientSecret ? undefined : clientId || undefined
}

/** The client id that is configured for a URL, with or without a secret. */
export function readClientId(url: string, settings: Settings, env: NodeJS.ProcessEnv): string | undefined {
  return readConsumer(url, settings, env).clientId || undefined
}

/**
 * The client that is configured for a URL.
 *
 * @param keptSecret the client secret that is kept with the logins: see {@link findClientIdWithoutSecret}
 * @throws Failure `not_configured` where the id or secret is missing, or a URL is not valid
 */
export function readClient(url: string, settings: Settings, env: NodeJS.ProcessEnv, keptSecret?: string): Client {
  const { clientId, clientSecret = keptSecret, secretSource } = readConsumer(url, settings, env)
  if (!clientId) throw notConfiguredFailure(url, 'no OAuth consumer is configured', ['Id', 'Secret'])
  if (!clientSecret) throw notConfiguredFailure(url, 'the OAuth consumer has no secret configured', ['Secret'])
  const provider = readProvider(settings)
  const tokenUrl = settings.get('oauthtokenurl') ?? `${url}${provider.tokenPath}`
  const authorizationUrl = settings.get('oauthauthurl') ?? `${url}${provider.authorizationPath}`
  const authorizationEndpoint = readEndpoint('oauthAuthURL', authorizationUrl)
  const tokenEndpoint = readEndpoint('oauthTokenURL', tokenUrl)
  return {
    grant: readGrant(url, settings, env),
    clientId,
    clientSecret,
    secretSource,
    product: provider.product,
    authenticatesBy: provider.authenticatesBy,
    issuer: settings.has('oauthauthurl') ? authorizationEndpoint.origin : url,
    authorizationEndpoint,
    tokenEndpoint,
    revocationEndpoint: new URL('revoke', tokenEndpoint),
    apiUrl: readApiUrl(url, settings),
    redirectUri: readRedirectUri(settings.get('oauthredirecturl') ?? DEFAULT_REDIRECT_URI),
    scope: settings.get('oauthscopes')?.trim() || provider.scope,
  }
}

/** @throws Failure `not_configured` for any other word */
export function readGrant(url: string, settings: Settings, env: NodeJS.ProcessEnv): Grant {
  const variable = variableName('GRANT')
  const given = (url === BITBUCKET && env[variable]?.trim()) || undefined
  const value = given ?? settings.get('oauthgrant') ?? 'authorization_code'
  if (value === 'authorization_code' || value === 'client_credentials') return value
  const name = given === undefined ? "oauthGrant in git's configuration" : variable
  throw new Failure(`${name} has to be authorization_code or client_credentials`, {
    code: 'not_configured',
    hints:
      given === undefined
        ? ["git config --show-origin --get-regexp '^credential\\.(.*\\.)?oauthgrant$'"]
        : ['for a machine where no person logs in: client_credentials'],
  })
}

/**
 * The URL of a host's REST interface, where it is known. It ends in a slash. Data Center has its own below its context path.
 *
 * @throws Failure `not_configured` for a URL that is not valid
 */
export function readApiUrl(url: string, settings: Settings): URL | undefined {
  const own = readProvider(settings).product === 'data-center' ? url : undefined
  const api = settings.get('oauthapiurl') ?? (url === BITBUCKET ? BITBUCKET_API : own)
  return api === undefined ? undefined : readEndpoint('oauthApiURL', api.replace(/\/?$/, '/'))
}

/**
 * What authenticates a client, as a header or as members of the form; it is secret. The header is the Basic scheme with the key
 * and secret as they are, as `curl -u` sends them in Bitbucket's documentation. RFC 6749, section 2.3.1, demands both
 * percent-encoded, and Bitbucket is not known to decode them.
 */
export function clientAuthentication({ clientId, clientSecret, authenticatesBy }: Client): {
  readonly headers: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
} {
  if (authenticatesBy === 'form') return { headers: {}, form: { client_id: clientId, client_secret: clientSecret } }
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
  return { headers: { authorization }, form: {} }
}

/**
 * `GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID` and `…_CLIENT_SECRET` (or the files that the same names with `_FILE` name) come
 * first, for machines without a git configuration. They name no host, so they hold for Bitbucket alone.
 */
function readConsumer(
  url: string,
  settings: Settings,
  env: NodeJS.ProcessEnv,
): { clientId: string | undefined; clientSecret: string | undefined; secretSource: Client['secretSource'] } {
  const variables = url === BITBUCKET ? env : {}
  const id = readVariable(variables, 'CLIENT_ID')
  const secret = readVariable(variables, 'CLIENT_SECRET')
  const configured = settings.get('oauthclientsecret')?.trim() || undefined
  return {
    clientId: id ?? settings.get('oauthclientid')?.trim(),
    clientSecret: secret ?? configured,
    secretSource: secret !== undefined ? 'environment' : configured ? 'configuration' : 'kept',
  }
}

function notConfiguredFailure(url: string, missing: string, parts: readonly ('Id' | 'Secret')[]): Failure {
  const hints = url === BITBUCKET ? [`${COMMAND} setup`] : parts.map((part) => setClientCommand(url, part))
  return new Failure(`${missing} for ${url}, so there is no way to log in`, { code: 'not_configured', hints })
}

/** The command that sets one of the two. Bitbucket calls the id the consumer's key. */
export function setClientCommand(url: string, what: 'Id' | 'Secret'): string {
  return `git config --global ${quote(`credential.${url}.oauthClient${what}`)} ${what === 'Id' ? 'KEY' : 'SECRET'}`
}

function readEndpoint(key: string, value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined
  if (url === undefined || !isConfidential(url) || url.username !== '' || url.password !== '') {
    throw new Failure(`${key} in git's configuration has to be an https URL, without a username`, {
      code: 'not_configured',
      hints: [`git config --show-origin --name-only --get-regexp '^credential\\.(.*\\.)?${key.toLowerCase()}$'`],
    })
  }
  return url
}

function readRedirectUri(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isHere = url?.protocol === 'http:' && isLoopback(url) && url.port !== '0'
  if (isHere && url.hash === '' && url.username === '') return value
  throw new Failure(
    "oauthRedirectURL in git's configuration has to be an http URL on this machine, without a fragment",
    {
      code: 'not_configured',
      hints: [`the usual one, which the consumer has to have as its callback URL too: ${DEFAULT_REDIRECT_URI}`],
    },
  )
}
