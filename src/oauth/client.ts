import { BITBUCKET } from '../base/bitbucket.ts'
import { Failure } from '../base/failure.ts'
import { COMMAND } from '../base/program.ts'
import { quote } from '../base/shell.ts'
import { isConfidential, isLoopback } from '../http/loopback.ts'

/** The OAuth client we are: the user's own consumer, in Bitbucket's words. `clientSecret` is secret. */
export type Client = {
  /** Bitbucket's page calls it the key. */
  readonly clientId: string
  readonly clientSecret: string
  /** `kept` is where logins are: in the keyring, or in a file. */
  readonly secretSource: 'environment' | 'configuration' | 'kept'
  readonly authorizationEndpoint: URL
  readonly tokenEndpoint: URL
  /** RFC 7009; Bitbucket has one that it does not document. Beside the token endpoint. */
  readonly revocationEndpoint: URL
  /** Where the REST interface is; undefined where that is not known. */
  readonly apiUrl: URL | undefined
  /** To the letter as the consumer has it: it is compared as text (RFC 6749, section 3.1.2.3). */
  readonly redirectUri: string
  /** Left out unless configured: the permissions ticked for the consumer decide. */
  readonly scope: string | undefined
}

/** Values of `credential.<url>.*` by key in lower case. */
type Settings = ReadonlyMap<string, string>

const BITBUCKET_API = 'https://api.bitbucket.org'

/** The callback URL that the documentation tells everybody to give the consumer. */
export const DEFAULT_REDIRECT_URI = 'http://localhost:8976'

/** A host is the user's own wish where all of these are set for it. */
const OWN_HOST_KEYS = ['oauthclientid', 'oauthauthurl', 'oauthtokenurl']

/**
 * Whether a URL could be made ours at all: a protocol and host and nothing else, no dot after the name (for git's
 * matching of URLs that is the same host), no character that git has no host names with, and nothing that anybody on the
 * way could listen to.
 */
export function mayBeOurs(url: string): boolean {
  if (!URL.canParse(url) || new URL(url).origin !== url || url.endsWith('.')) return false
  return /^[\w.:[\]-]+$/.test(new URL(url).host) && isConfidential(new URL(url))
}

/**
 * Whether requests for a URL are ours to answer: Bitbucket's always, another host's where the user configured a client
 * id and both endpoints for that URL, or for a pattern such as `https://*.acme.example` that matches it.
 *
 * @param url protocol and host, as `https://bitbucket.org`
 * @param settings what holds for the URL
 * @param general gives what holds for any URL of this protocol: it names no host, so it makes none ours
 */
export function isOurs(url: string, settings: Settings, general: () => Settings): boolean {
  if (url === BITBUCKET) return true
  if (!OWN_HOST_KEYS.every((key) => settings.has(key))) return false
  const elsewhere = general()
  return OWN_HOST_KEYS.every((key) => settings.get(key) !== elsewhere.get(key))
}

/**
 * The client id whose secret is not configured: it may be in the system's keyring.
 *
 * @returns undefined where nothing has to be looked for
 */
export function findClientIdWithoutSecret(url: string, settings: Settings, env: NodeJS.ProcessEnv): string | undefined {
  const { clientId, clientSecret } = readConsumer(url, settings, env)
  return clientSecret ? undefined : clientId || undefined
}

/** The client id that is configured for a URL, be there a secret or not. */
export function readClientId(url: string, settings: Settings, env: NodeJS.ProcessEnv): string | undefined {
  return readConsumer(url, settings, env).clientId || undefined
}

/**
 * The client that is configured for a URL.
 *
 * @param keptSecret the client secret that was found elsewhere, where {@link findClientIdWithoutSecret} asks for one
 * @throws Failure with the code `not_configured` where the id or secret is missing, and where a URL won't do
 */
export function readClient(url: string, settings: Settings, env: NodeJS.ProcessEnv, keptSecret?: string): Client {
  const { clientId, clientSecret = keptSecret, secretSource } = readConsumer(url, settings, env)
  if (!clientId) throw notConfiguredFailure(url, 'no OAuth consumer is configured', wayToAConsumer(url))
  if (!clientSecret)
    throw notConfiguredFailure(
      url,
      'the OAuth consumer has no secret configured',
      url === BITBUCKET ? [`${COMMAND} setup`] : [setClientCommand(url, 'Secret')],
    )
  const tokenEndpoint = readEndpoint(
    'oauthTokenURL',
    settings.get('oauthtokenurl') ?? `${url}/site/oauth2/access_token`,
  )
  return {
    clientId,
    clientSecret,
    secretSource,
    authorizationEndpoint: readEndpoint('oauthAuthURL', settings.get('oauthauthurl') ?? `${url}/site/oauth2/authorize`),
    tokenEndpoint,
    revocationEndpoint: new URL('revoke', tokenEndpoint),
    apiUrl: readApiUrl(url, settings),
    redirectUri: readRedirectUri(settings.get('oauthredirecturl') ?? DEFAULT_REDIRECT_URI),
    scope: settings.get('oauthscopes')?.trim() || undefined,
  }
}

/**
 * Where the REST interface of a host is; undefined where that is not known.
 *
 * @throws Failure with the code `not_configured` for a URL that won't do
 */
export function readApiUrl(url: string, settings: Settings): URL | undefined {
  const api = settings.get('oauthapiurl') ?? (url === BITBUCKET ? BITBUCKET_API : undefined)
  return api === undefined ? undefined : readEndpoint('oauthApiURL', api)
}

/**
 * The value of the Authorization header that authenticates a client (secret): the Basic scheme with the key and secret
 * as they are, as `curl -u` sends them in Bitbucket's documentation. RFC 6749, section 2.3.1, would have both
 * percent-encoded, which Bitbucket is not known to undo.
 */
export function clientAuthorization({ clientId, clientSecret }: Client): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
}

/**
 * `GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID` and `…_CLIENT_SECRET` come first, for machines without a configuration of
 * their own, and hold for Bitbucket alone: they name no host.
 */
function readConsumer(
  url: string,
  settings: Settings,
  env: NodeJS.ProcessEnv,
): { clientId: string | undefined; clientSecret: string | undefined; secretSource: Client['secretSource'] } {
  const variables = url === BITBUCKET ? env : {}
  // An empty variable counts as none: CI sets one for a secret that it does not have.
  const id = variables['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID']?.trim()
  const secret = variables['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET']?.trim()
  const configured = settings.get('oauthclientsecret')?.trim() || undefined
  return {
    clientId: id || settings.get('oauthclientid')?.trim(),
    clientSecret: secret || configured,
    secretSource: secret ? 'environment' : configured ? 'configuration' : 'kept',
  }
}

/** @param missing a clause in lower case */
function notConfiguredFailure(url: string, missing: string, hints: readonly string[]): Failure {
  return new Failure(`${missing} for ${url}, so there is no way to log in`, { code: 'not_configured', hints })
}

function wayToAConsumer(url: string): string[] {
  return url === BITBUCKET ? [`${COMMAND} setup`] : [setClientCommand(url, 'Id'), setClientCommand(url, 'Secret')]
}

/** The command for one of the two. Bitbucket calls the id the consumer's key. */
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
  if (
    url === undefined ||
    url.protocol !== 'http:' ||
    !isLoopback(url) ||
    url.hash !== '' ||
    url.username !== '' ||
    url.port === '0'
  ) {
    throw new Failure(
      "oauthRedirectURL in git's configuration has to be an http URL on this machine, without a fragment",
      {
        code: 'not_configured',
        hints: [`the usual one, which the consumer has to have as its callback URL too: ${DEFAULT_REDIRECT_URI}`],
      },
    )
  }
  return value
}
