import { listValues } from './config.ts'

/** The helpers that git asks beside this one, each as it is configured. */
export type OtherHelpers = {
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Whether this one is configured at all where we look. */
  readonly isConfigured: boolean
}

/** This one, by whatever path: `bitbucket-oauth`, `/usr/bin/git-credential-bitbucket-oauth`. */
const OURS = /(^|[\\/!\s'"=])(git-credential-|credential-)?bitbucket-oauth(\.\w+)?['"]?([\s;/\\]|$)/

/** Whether a helper, as it is configured, is this one in whatever way. */
export function isOwnHelper(helper: string): boolean {
  return OURS.test(helper)
}

/**
 * The credential helpers that git asks for a URL, besides this one, as far as system, global and command scope tell.
 * One that is configured for a pattern, or for a path of the host, counts for the whole host.
 *
 * @throws Failure where git can't be found, or can't read its configuration
 * @see https://git-scm.com/docs/gitcredentials#_configuration_options
 */
export function listOtherHelpers(url: string, env: NodeJS.ProcessEnv): OtherHelpers {
  let helpers: string[] = []
  for (const [key, value] of listValues('^credential\\.(.*\\.)?helper$', env)) {
    const pattern = key.slice('credential.'.length, -'.helper'.length)
    const isForAll = key === 'credential.helper'
    if (value === '') {
      // Git's word for "none of those before".
      if (isForAll || isSameUrl(pattern, url)) helpers = []
    } else if (isForAll || mayMatch(pattern, url)) helpers.push(value)
  }
  const own = helpers.findIndex(isOwnHelper)
  // Git has asked us: where we are not in this list, a repository's own configuration comes after it.
  const before = own === -1 ? helpers : helpers.slice(0, own)
  return {
    before,
    isConfigured: own !== -1,
    after: helpers.slice(before.length).filter((helper) => !isOwnHelper(helper)),
  }
}

function isSameUrl(pattern: string, url: string): boolean {
  return URL.canParse(pattern) && new URL(pattern).href === new URL(url).href
}

/** Whether a pattern, as of `credential.<pattern>.helper`, may hold for what is below a URL. */
export function mayMatch(pattern: string, url: string): boolean {
  // A pattern without a host, as `https://`, or with a star in it.
  if (!URL.canParse(pattern) || pattern.includes('*')) return true
  const { protocol, host } = new URL(pattern)
  return protocol === new URL(url).protocol && host === new URL(url).host
}
