import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, isFailure } from '../failure.ts'
import { listOrigins } from '../git/config.ts'
import { listOtherHelpers, mayMatch } from '../git/helpers.ts'
import { runGit } from '../git/run.ts'
import { findConfigFile } from '../git/scope.ts'
import { BITBUCKET } from '../oauth/client.ts'
import { findProgram } from '../programs.ts'
import { quote } from '../shell.ts'
import { type Finding, fault, good, note } from './finding.ts'

const HELPER = 'git-credential-bitbucket-oauth'

/** Whether git is there, finds this program, and is told to ask it, and nobody else, for a URL. */
export function checkGit(url: string, env: NodeJS.ProcessEnv): Finding[] {
  const version = readVersion(env)
  if (version === undefined) return [fault('git', 'was not found on PATH', 'install git, or mend PATH')]
  try {
    return [good('git', version), checkProgram(env), ...checkHelpers(url, env), ...checkDetours(url, env)]
  } catch (error) {
    if (!isFailure(error)) throw error
    // Git itself does nothing then.
    return [fault('git', error.message, 'mend the file that git names')]
  }
}

/** Whether there is no git, or none that can read its configuration: then there are no settings to go on with. */
export function lacksGit(findings: readonly Finding[]): boolean {
  return findings.some(({ check, level }) => check === 'git' && level === 'fault')
}

/** As git says it: `2.47.3`; undefined where there is no git. */
export function readVersion(env: NodeJS.ProcessEnv): string | undefined {
  if (findProgram('git', env) === undefined) return undefined
  return runGit(['--version'], env)
    .stdout.trim()
    .replace(/^git version /, '')
}

/** Git looks among its own programs, and then where the user's lie. */
function checkProgram(env: NodeJS.ProcessEnv): Finding {
  const own = runGit(['--exec-path'], env).stdout.trim()
  const path = findProgram(join(own, HELPER), env) ?? findProgram(HELPER, env)
  return path === undefined
    ? fault(
        'program',
        `git finds no ${HELPER}`,
        'add to PATH the bin directory below what this prints:',
        'npm prefix -g',
        'where it is not there either, install it anew (README, step 1)',
      )
    : good('program', path)
}

function checkHelpers(url: string, env: NodeJS.ProcessEnv): Finding[] {
  const { before, after, isConfigured } = listOtherHelpers(url, env)
  if (!isConfigured) return [fault('helpers', `git is not told to ask this program for ${url}`, ...configure(url))]
  const findings: Finding[] = []
  if (before.length > 0) {
    const text = `git asks ${inWords(before)} first, which may answer in this program's place, or keep its tokens`
    findings.push(fault('helpers', text, ...configure(url)))
  }
  if (after.length > 0) {
    findings.push(
      note('helpers', `git gives our tokens to ${inWords(after)} too, and asks there after us`, ...configure(url)),
    )
  }
  return findings.length === 0 ? [good('helpers', `git asks this program, and no other, for ${url}`)] : findings
}

/** What leaves a host to this program alone. */
function configure(url: string): string[] {
  if (url === BITBUCKET) return ['git credential-bitbucket-oauth configure']
  const add = `git config --global --add credential.${url}.helper`
  return [`${add} ''`, `${add} bitbucket-oauth`]
}

/** A helper that is a script may hold anything: its first word is enough to know it. */
function inWords(helpers: readonly string[]): string {
  return helpers.map((helper) => `"${helper.replace(/\s.*/s, ' …')}"`).join(' and ')
}

/** What has git log in, or go elsewhere, without asking any helper. */
function checkDetours(url: string, env: NodeJS.ProcessEnv): Finding[] {
  return [...checkRewriting(url, env), ...checkHeaders(url, env), ...checkNetrc(url, env)]
}

function checkRewriting(url: string, env: NodeJS.ProcessEnv): Finding[] {
  return listOrigins('^url\\..*\\.insteadof$', env).flatMap(({ origin, key, value }) => {
    const base = key.slice('url.'.length, -'.insteadof'.length)
    const isAboutUs = `${url}/`.startsWith(value) || value.startsWith(`${url}/`)
    if (!isAboutUs || leadsBack(base, url)) return []
    const text = `git goes to ${withoutSecrets(base)} instead of ${value}, where this program may not be asked`
    return [fault('rewriting', text, takeOut({ origin, key: `url.${base}.insteadOf`, value }, env))]
  })
}

/** Many have it name their user: this program is asked then, and for that user. */
function leadsBack(base: string, url: string): boolean {
  return URL.canParse(base) && new URL(base).origin === url && new URL(base).password === ''
}

function checkHeaders(url: string, env: NodeJS.ProcessEnv): Finding[] {
  return listOrigins('^http\\.(.*\\.)?extraheader$', env).flatMap(({ origin, key, value }) => {
    const [, pattern] = /^http\.(.*)\.extraheader$/.exec(key) ?? []
    const [, name] = /^(authorization):/i.exec(value) ?? []
    if (name === undefined || !(pattern === undefined || mayMatch(pattern, url))) return []
    const header = `http.${pattern === undefined ? '' : `${pattern}.`}extraHeader`
    const text = `${withoutSecrets(header)} sends an Authorization header of its own to ${url}`
    return [fault('extra header', text, takeOut({ origin, key: header, pattern: `^${name}:` }, env))]
  })
}

function checkNetrc(url: string, env: NodeJS.ProcessEnv): Finding[] {
  const netrc = join(env['HOME'] ?? '', process.platform === 'win32' ? '_netrc' : '.netrc')
  const { hostname } = new URL(url)
  if (!namesHost(attempt(() => readFileSync(netrc, 'utf8')) ?? '', hostname)) return []
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

/** What takes a value out of the file where it stands, and leaves others of the same key. */
function takeOut({ origin, key, ...which }: Setting, env: NodeJS.ProcessEnv): string {
  const file = origin.startsWith('file:') ? origin.slice('file:'.length) : undefined
  if (file === undefined || key !== withoutSecrets(key)) {
    return `take ${withoutSecrets(key)} out of ${file ?? 'the environment, where GIT_CONFIG_COUNT counts it'}`
  }
  const place = file === attempt(() => findConfigFile('global', env)) ? '--global' : `--file ${quote(file)}`
  const [manner, value] = 'value' in which ? ['--fixed-value --unset-all', which.value] : ['--unset-all', which.pattern]
  return `git config ${place} ${manner} ${quote(key)} ${quote(value)}`
}

/** A base with a token in it is somebody's habit; the user of `ssh://` is nobody's secret. */
function withoutSecrets(base: string): string {
  return base.replace(/(https?:\/\/)[^@/]*@/i, '$1***@')
}

/** @see https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html */
function namesHost(netrc: string, hostname: string): boolean {
  const words = netrc.split(/\s+/)
  return words.some((word, index) => word === hostname && words[index - 1] === 'machine')
}
