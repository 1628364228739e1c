import { join } from 'node:path'
import { BITBUCKET } from '../../base/bitbucket.ts'
import { isFailure } from '../../base/failure.ts'
import { COMMAND, PROGRAM } from '../../base/program.ts'
import { findHelper, findProgram } from '../../base/programs.ts'
import { quote } from '../../base/shell.ts'
import { isFalse } from '../../base/unattended.ts'
import { readSettings } from '../../git/config.ts'
import { listHelpersHere, listOtherHelpers, type OtherHelpers } from '../../git/otherHelpers.ts'
import { runGit } from '../../git/run.ts'
import { checkBypasses, withoutSecrets } from './bypasses.ts'
import { fault, type Finding, good, note } from './finding.ts'
import { checkPath } from './path.ts'
import { checkRemotes } from './remotes.ts'
import { checkStart } from './start.ts'

/** Whether git is there, finds this program, and is told to ask it, and no other helper, for a URL. */
export function checkGit(url: string, env: NodeJS.ProcessEnv): Finding[] {
  const version = readVersion(env)
  if (version === undefined) return [fault('git', 'was not found on PATH', 'install git, or correct PATH')]
  const own = [good('git', version), ...checkPath(env)]
  try {
    return [
      ...own,
      checkProgram(env),
      ...checkStart(url, env, configure(url)),
      ...checkPathIsSent(url, env),
      ...checkHelpers(url, env),
      ...checkBypasses(url, env),
      ...checkRemotes(url, env),
    ]
  } catch (error) {
    if (!isFailure(error)) throw error
    // Git itself refuses to work then.
    return [fault('git', error.message, 'correct the file that git names')]
  }
}

/** Whether git is missing, or cannot read its configuration. Then there are no settings for other checks. */
export function lacksGit(findings: readonly Finding[]): boolean {
  return findings.some(({ check, level }) => check === 'git' && level === 'fault')
}

/** `2.47.3`; undefined where there is no git. */
function readVersion(env: NodeJS.ProcessEnv): string | undefined {
  if (findProgram('git', env) === undefined) return undefined
  return runGit(['--version'], env)
    .stdout.trim()
    .replace(/^git version /, '')
}

/** Git looks among its own programs first, and then on PATH. */
function checkProgram(env: NodeJS.ProcessEnv): Finding {
  const own = runGit(['--exec-path'], env).stdout.trim()
  const path = findHelper(join(own, PROGRAM), env) ?? findHelper(PROGRAM, env)
  return path === undefined
    ? fault(
        'program',
        `git finds no ${PROGRAM}`,
        'add to PATH the bin directory below what this prints:',
        'npm prefix -g',
        'if it is not there either, install it once more (README, step 1)',
      )
    : good('program', path)
}

function checkHelpers(url: string, env: NodeJS.ProcessEnv): Finding[] {
  const everywhere = listOtherHelpers(url, env)
  const here = listHelpersHere(url, env)
  if (everywhere.isConfigured) {
    const findings = [
      ...checkOthers(everywhere, '', configure(url)),
      ...(here.isConfigured
        ? checkOthers(addedTo(everywhere, here), OF_REPOSITORY, unset(here.keys))
        : [fault('helpers', `${OF_REPOSITORY}git no longer asks this program for ${url}`, ...unset(here.keys))]),
    ]
    return findings.length === 0 ? [good('helpers', `git asks this program, and no other, for ${url}`)] : findings
  }
  if (!here.isConfigured) {
    return [fault('helpers', `git is not told to ask this program for ${url}`, ...configure(url))]
  }
  const text = `this repository's own configuration alone has git ask this program for ${url}`
  return [
    note('helpers', text, 'for all repositories:', ...configure(url)),
    ...checkOthers(here, 'in this repository, ', configure(url, '--local')),
  ]
}

const OF_REPOSITORY = "by this repository's own configuration, "

/** @param whose the configuration that says so, as the sentence begins */
function checkOthers(
  { before, after }: Pick<OtherHelpers, 'before' | 'after'>,
  whose: string,
  cures: readonly string[],
): Finding[] {
  const findings: Finding[] = []
  if (before.length > 0) {
    const text = `${whose}git asks ${nameAll(before)} before this program, so it may get another answer, and its tokens may be kept there`
    findings.push(fault('helpers', text, ...cures))
  }
  if (after.length > 0) {
    const text = `${whose}git gives the tokens to ${nameAll(after)} too, and asks there if this program has no answer`
    findings.push(note('helpers', text, ...cures))
  }
  return findings
}

/** A server below a path of its host is told by the path of the repository, which git sends only where it is told to. */
function checkPathIsSent(url: string, env: NodeJS.ProcessEnv): Finding[] {
  const { pathname } = new URL(url)
  const isSent = !isFalse(readSettings('credential', url, env).get('usehttppath') ?? 'false')
  if (pathname === '/' || isSent) return []
  const cure = `git config --global ${quote(`credential.${url}.useHttpPath`)} true`
  return [
    fault('path', `git does not tell the path of a repository, so nothing is known to be below ${pathname}`, cure),
  ]
}

function addedTo(known: OtherHelpers, here: OtherHelpers): Pick<OtherHelpers, 'before' | 'after'> {
  return {
    before: here.before.filter((helper) => !known.before.includes(helper)),
    after: here.after.filter((helper) => !known.after.includes(helper)),
  }
}

/** Removes a repository's own helpers. Their values may be secret, so the keys alone are named. */
function unset(keys: readonly string[]): string[] {
  return keys.map((key) =>
    key === withoutSecrets(key)
      ? `git config --local --unset-all ${quote(key)}`
      : `remove ${withoutSecrets(key)} from the repository's .git/config`,
  )
}

function configure(url: string, scope: '--global' | '--local' = '--global'): string[] {
  if (url === BITBUCKET) return [`${COMMAND} configure${scope === '--local' ? ' --local' : ''}`]
  const add = `git config ${scope} --add ${quote(`credential.${url}.helper`)}`
  return [`${add} ''`, `${add} bitbucket-oauth`]
}

function nameAll(helpers: readonly string[]): string {
  return helpers.map((helper) => `"${nameOf(helper)}"`).join(' and ')
}

/** The name of a helper. Its arguments may be secret, and so may all of a script. */
function nameOf(helper: string): string {
  if (helper.startsWith('!')) return '!...'
  return helper.replace(/\s.*/s, ' ...')
}
