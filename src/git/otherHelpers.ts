import { listLocal, listValues } from './config.ts'

/** The other helpers that git asks, each as it is configured. */
export type OtherHelpers = {
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Whether this helper is configured where we look. */
  readonly isConfigured: boolean
  /** This helper, each time that it is configured. */
  readonly own: readonly string[]
}

/** This helper, by name or by path: `bitbucket-oauth`, `/usr/bin/git-credential-bitbucket-oauth`. */
const OURS = /(^|[\\/!\s'"=])(git-credential-|credential-)?bitbucket-oauth(\.\w+)?['"]?([\s;/\\]|$)/

/** Whether a configured helper is this one, by name, by path or in a command. */
export function isOwnHelper(helper: string): boolean {
  return OURS.test(helper)
}

/**
 * The other credential helpers that git asks for a URL, by system, global and command scope. A helper for a pattern or
 * for a path of the host counts for the whole host.
 *
 * @throws Failure where git can't be found, or can't read its configuration
 * @see https://git-scm.com/docs/gitcredentials#_configuration_options
 */
export function listOtherHelpers(url: string, env: NodeJS.ProcessEnv): OtherHelpers {
  return orderHelpers(listValues(HELPER_KEYS, env), url)
}

/**
 * As {@link listOtherHelpers}, with those that the present repository adds. It is only shown, and never followed.
 *
 * @returns also the `keys` of the repository's own configuration that matter
 * @throws Failure where git can't be found, or can't read its configuration
 */
export function listHelpersHere(url: string, env: NodeJS.ProcessEnv): OtherHelpers & { keys: readonly string[] } {
  const local = listLocal(HELPER_KEYS, env).map(({ key, value }) => [key, value] as const)
  const keys = local.map(([key]) => key).filter((key) => key === 'credential.helper' || mayMatch(patternOf(key), url))
  return { ...orderHelpers([...listValues(HELPER_KEYS, env), ...local], url), keys: [...new Set(keys)] }
}

export const HELPER_KEYS = '^credential\\.(.*\\.)?helper$'

function patternOf(key: string): string {
  return key.slice('credential.'.length, -'.helper'.length)
}

function orderHelpers(entries: readonly (readonly [key: string, value: string])[], url: string): OtherHelpers {
  let helpers: string[] = []
  for (const [key, value] of entries) {
    const pattern = patternOf(key)
    const isForAll = key === 'credential.helper'
    if (value === '') {
      // An empty value drops the helpers before it.
      if (isForAll || isSameUrl(pattern, url)) helpers = []
    } else if (isForAll || mayMatch(pattern, url)) helpers.push(value)
  }
  const own = helpers.findIndex(isOwnHelper)
  // Git has asked us. If we are not in this list, a repository's own configuration names us after it.
  const before = own === -1 ? helpers : helpers.slice(0, own)
  return {
    before,
    isConfigured: own !== -1,
    own: helpers.filter(isOwnHelper),
    after: helpers.slice(before.length).filter((helper) => !isOwnHelper(helper)),
  }
}

function isSameUrl(pattern: string, url: string): boolean {
  return URL.canParse(pattern) && new URL(pattern).href === new URL(url).href
}

/** Whether a pattern, as in `credential.<pattern>.helper`, may match something below a URL. */
export function mayMatch(pattern: string, url: string): boolean {
  // It has no host, as `https://`, or has a star.
  if (!URL.canParse(pattern) || pattern.includes('*')) return true
  const { protocol, host } = new URL(pattern)
  return protocol === new URL(url).protocol && host === new URL(url).host
}
