import { listLocal, listValues } from './config.ts'

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
  return orderHelpers(listValues(HELPER_KEYS, env), url)
}

/**
 * As {@link listOtherHelpers}, with what the repository that we stand in adds: whom git does ask here, to be shown and
 * no more.
 *
 * @returns `keys` of the repository's own configuration that say something about it
 * @throws Failure where git can't be found, or can't read its configuration
 */
export function listHelpersHere(url: string, env: NodeJS.ProcessEnv): OtherHelpers & { keys: readonly string[] } {
  const local = listLocal(HELPER_KEYS, env).map(({ key, value }) => [key, value] as const)
  const keys = local.map(([key]) => key).filter((key) => key === 'credential.helper' || mayMatch(patternOf(key), url))
  return { ...orderHelpers([...listValues(HELPER_KEYS, env), ...local], url), keys: [...new Set(keys)] }
}

const HELPER_KEYS = '^credential\\.(.*\\.)?helper$'

function patternOf(key: string): string {
  return key.slice('credential.'.length, -'.helper'.length)
}

function orderHelpers(entries: readonly (readonly [key: string, value: string])[], url: string): OtherHelpers {
  let helpers: string[] = []
  for (const [key, value] of entries) {
    const pattern = patternOf(key)
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
