import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt } from '../failure.ts'
import { listValues, readSettings } from '../git/config.ts'
import { listOtherHelpers } from '../git/helpers.ts'
import { runGit } from '../git/run.ts'
import { BITBUCKET } from '../oauth/client.ts'
import { findProgram } from '../programs.ts'
import { quote } from '../shell.ts'
import { type Finding, fault, good, note } from './finding.ts'

const HELPER = 'git-credential-bitbucket-oauth'

/** Whether git is there, finds this program, and is told to ask it, and nobody else, for a URL. */
export function checkGit(url: string, env: NodeJS.ProcessEnv): Finding[] {
  const version = readVersion(env)
  if (version === undefined) return [fault('git', 'was not found on PATH', 'install git, or mend PATH')]
  return [good('git', version), checkProgram(env), ...checkHelpers(url, env), ...checkDetours(url, env)]
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
        'add to PATH the bin directory below: npm prefix -g',
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
  const findings: Finding[] = []
  for (const [key, value] of listValues('^url\\..*\\.insteadof$', env)) {
    if (!`${url}/`.startsWith(value) && !value.startsWith(`${url}/`)) continue
    const base = key.slice('url.'.length, -'.insteadof'.length)
    findings.push(
      fault(
        'rewriting',
        `git goes to ${withoutSecrets(base)} instead of ${value}, where this program may not be asked`,
        `git config --global --unset-all ${quote(`url.${withoutSecrets(base)}.insteadOf`)}`,
      ),
    )
  }
  if (/^authorization:/im.test(readSettings('http', `${url}/`, env).get('extraheader') ?? '')) {
    const text = `http.extraHeader sends an Authorization header of its own to ${url}`
    findings.push(
      fault(
        'extra header',
        text,
        'git config --show-origin --name-only --get-regexp "^http\\..*extraheader$"',
        'then: git config --global --unset-all, with the name that it shows',
      ),
    )
  }
  const netrc = join(env['HOME'] ?? '', process.platform === 'win32' ? '_netrc' : '.netrc')
  if (namesHost(attempt(() => readFileSync(netrc, 'utf8')) ?? '', new URL(url).hostname)) {
    const text = `${netrc} has a password for ${new URL(url).hostname}, which git sends before it asks any helper`
    findings.push(fault('netrc', text, `remove the entry from ${quote(netrc)}`))
  }
  return findings
}

/** A base with a token in it is somebody's habit. */
function withoutSecrets(base: string): string {
  return base.replace(/\/\/[^@/]*@/, '//***@')
}

/** @see https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html */
function namesHost(netrc: string, hostname: string): boolean {
  const words = netrc.split(/\s+/)
  return words.some((word, index) => word === hostname && words[index - 1] === 'machine')
}
