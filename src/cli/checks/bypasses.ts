import { isBelow } from '../../base/below.ts'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { orUndefined } from '../../base/failure.ts'
import { findHome } from '../../base/home.ts'
import { quote } from '../../base/shell.ts'
import { listLocal, listOrigins, LOCAL_ORIGIN } from '../../git/config.ts'
import { mayMatch } from '../../git/otherHelpers.ts'
import { findConfigFile } from '../../git/scope.ts'
import { fault, type Finding, note } from './finding.ts'

/** Settings that make git log in, or go elsewhere, without asking any helper. */
export function checkBypasses(url: string, env: NodeJS.ProcessEnv): Finding[] {
  return [...checkRewriting(url, env), ...checkHeaders(url, env), ...checkCookies(url, env), ...checkNetrc(url, env)]
}

function listEverywhere(keys: string, env: NodeJS.ProcessEnv): ReturnType<typeof listOrigins> {
  return [...listOrigins(keys, env), ...listLocal(keys, env)]
}

/** How the sentence begins where the repository's configuration says so. */
function whoseOf(origin: string): string {
  return origin === LOCAL_ORIGIN ? "by this repository's own configuration, " : ''
}

function checkRewriting(url: string, env: NodeJS.ProcessEnv): Finding[] {
  return listEverywhere('^url\\..*\\.insteadof$', env).flatMap(({ origin, key, value }) => {
    const base = key.slice('url.'.length, -'.insteadof'.length)
    const isAboutUs = `${url}/`.startsWith(value) || value.startsWith(`${url}/`)
    if (!isAboutUs || leadsBack(base, url)) return []
    const text = `${whoseOf(origin)}git goes to ${withoutSecrets(base)} instead of ${value}, and may not ask this program`
    return [fault('rewriting', text, removalCommand({ origin, key: `url.${base}.insteadOf`, value }, env))]
  })
}

/** Whether the rewritten URL only names a user, as many do. Git asks this program for that user then. */
function leadsBack(base: string, url: string): boolean {
  return URL.canParse(base) && isBelow(new URL(base), url) && new URL(base).password === ''
}

function checkHeaders(url: string, env: NodeJS.ProcessEnv): Finding[] {
  return listEverywhere('^http\\.(.*\\.)?extraheader$', env).flatMap(({ origin, key, value }) => {
    const [, pattern] = /^http\.(.*)\.extraheader$/.exec(key) ?? []
    const [, name] = /^(authorization):/i.exec(value) ?? []
    if (name === undefined || !(pattern === undefined || mayMatch(pattern, url))) return []
    const header = `http.${pattern === undefined ? '' : `${pattern}.`}extraHeader`
    const text = `${whoseOf(origin)}${withoutSecrets(header)} sends an Authorization header of its own to ${url}`
    return [fault('extra header', text, removalCommand({ origin, key: header, pattern: `^${name}:` }, env))]
  })
}

/** A website's cookies may hold a login, which counts beside that of a helper. */
function checkCookies(url: string, env: NodeJS.ProcessEnv): Finding[] {
  return listEverywhere('^http\\.(.*\\.)?cookiefile$', env).flatMap(({ origin, key, value }) => {
    const [, pattern] = /^http\.(.*)\.cookiefile$/.exec(key) ?? []
    if (value === '' || !(pattern === undefined || mayMatch(pattern, url))) return []
    const name = `http.${pattern === undefined ? '' : `${pattern}.`}cookieFile`
    const text = `${whoseOf(origin)}${withoutSecrets(name)} has git send the cookies in ${quote(value)} to ${url} too`
    return [
      note('cookies', text, 'if git logs in as somebody else:', removalCommand({ origin, key: name, value }, env)),
    ]
  })
}

function checkNetrc(url: string, env: NodeJS.ProcessEnv): Finding[] {
  const home = findHome(env)
  if (home === undefined) return []
  const netrc = join(home, process.platform === 'win32' ? '_netrc' : '.netrc')
  const { hostname } = new URL(url)
  if (!namesHost(orUndefined(() => readFileSync(netrc, 'utf8')) ?? '', hostname)) return []
  const text = `${netrc} has a password for ${hostname}, which git sends before it asks any helper`
  return [fault('netrc', text, `remove the entry from ${quote(netrc)}`)]
}

type Setting = {
  /** Git's word for where it stands. */
  readonly origin: string
  readonly key: string
} & (
  | { readonly value: string }
  /** A regular expression, for a value that is secret. */
  | { readonly pattern: string }
)

export function removalCommand({ origin, key, ...which }: Setting, env: NodeJS.ProcessEnv): string {
  const { name, option } = placeOf(origin, env)
  if (option === undefined || key !== withoutSecrets(key)) return `remove ${withoutSecrets(key)} from ${name}`
  const [options, value] =
    'value' in which ? ['--fixed-value --unset-all', which.value] : ['--unset-all', which.pattern]
  return `git config ${option} ${options} ${quote(key)} ${quote(value)}`
}

/** Where an origin is, for people, and as an option of `git config` where that can change it. */
function placeOf(origin: string, env: NodeJS.ProcessEnv): { name: string; option?: string } {
  if (origin === LOCAL_ORIGIN) return { name: "the repository's .git/config", option: '--local' }
  if (!origin.startsWith('file:')) return { name: 'the environment, where GIT_CONFIG_COUNT counts it' }
  const name = origin.slice('file:'.length)
  const isGlobal = resolve(name) === orUndefined(() => findConfigFile('global', env))
  return { name, option: isGlobal ? '--global' : `--file ${quote(name)}` }
}

/** Some people write a token into the URL as its user. With `ssh://`, only the password is secret. */
export function withoutSecrets(base: string): string {
  return base.replace(/(https?:\/\/)[^@/]*@/i, '$1***@').replace(/(:\/\/[^:@/]*:)[^@/]*@/, '$1***@')
}

/** @see https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html */
function namesHost(netrc: string, hostname: string): boolean {
  const words = netrc.split(/\s+/)
  return words.some((word, index) => word === hostname && words[index - 1] === 'machine')
}
