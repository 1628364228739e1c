import { join } from 'node:path'
import { isFailure } from '../failure.ts'
import { listOtherHelpers } from '../git/helpers.ts'
import { runGit } from '../git/run.ts'
import { BITBUCKET } from '../oauth/client.ts'
import { findProgram } from '../programs.ts'
import { checkDetours } from './detours.ts'
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
