import { Failure } from '../base/failure.ts'

/** A kind of server: where its endpoints are, and what it wants of a client. */
export type Provider = {
  readonly product: 'cloud' | 'data-center'
  /** Below the host. */
  readonly authorizationPath: string
  readonly tokenPath: string
  /** The scopes to ask for, where none are configured. */
  readonly scope: string | undefined
  /** How a client authenticates itself (RFC 6749, section 2.3.1): by the Basic scheme, or in the form. */
  readonly authenticatesBy: 'header' | 'form'
}

/** Bitbucket Cloud: the permissions that are ticked for the consumer decide, whatever is asked for. */
const CLOUD: Provider = {
  product: 'cloud',
  authorizationPath: '/site/oauth2/authorize',
  tokenPath: '/site/oauth2/access_token',
  scope: undefined,
  authenticatesBy: 'header',
}

/** @see https://confluence.atlassian.com/bitbucketserver/bitbucket-oauth-2-0-provider-api-1108483661.html */
const DATA_CENTER: Provider = {
  product: 'data-center',
  authorizationPath: '/rest/oauth2/latest/authorize',
  tokenPath: '/rest/oauth2/latest/token',
  scope: 'REPO_READ REPO_WRITE',
  authenticatesBy: 'form',
}

const PROVIDERS: ReadonlyMap<string, Provider> = new Map([
  ['bitbucket', CLOUD],
  ['bitbucket-data-center', DATA_CENTER],
])

/**
 * The kind of a host, by `oauthProvider`. Bitbucket Cloud where none is named.
 *
 * @throws Failure `not_configured` for a name that none has
 */
export function readProvider(settings: ReadonlyMap<string, string>): Provider {
  const provider = PROVIDERS.get(settings.get('oauthprovider') ?? 'bitbucket')
  if (provider !== undefined) return provider
  throw new Failure(`oauthProvider in git's configuration has to be ${[...PROVIDERS.keys()].join(' or ')}`, {
    code: 'not_configured',
    hints: ["git config --show-origin --get-regexp '^credential\\.(.*\\.)?oauthprovider$'"],
  })
}
