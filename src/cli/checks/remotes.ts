import { isBelow } from '../../base/below.ts'
import { orUndefined } from '../../base/failure.ts'
import { quote } from '../../base/shell.ts'
import { listLocal } from '../../git/config.ts'
import { runGit } from '../../git/run.ts'
import { fault, type Finding } from './finding.ts'

/**
 * Remotes of the present repository with a password in their URL. Git sends it and asks no helper, so a token that a script
 * has left there fails for ever when it has ended.
 */
export function checkRemotes(url: string, env: NodeJS.ProcessEnv): Finding[] {
  return listLocal(String.raw`^remote\..*\.(push)?url$`, env).flatMap(({ key, value }) => {
    const [, name = '', push = ''] = /^remote\.(.*)\.(push)?url$/.exec(key) ?? []
    const cure = withoutPassword(value, url)
    if (cure === undefined || !hasPassword(rewrite(value, env))) return []
    const text = `git logs in to remote ${quote(name)} with a password in its URL, and asks no helper`
    return [fault('remote', text, `git remote set-url ${push && '--push '}${quote(name)} ${quote(cure)}`)]
  })
}

/** The URL as git uses it (url.<base>.insteadOf). */
function rewrite(value: string, env: NodeJS.ProcessEnv): string {
  return orUndefined(() => runGit(['ls-remote', '--get-url', value], env).stdout.trim()) ?? value
}

function hasPassword(value: string): boolean {
  return URL.canParse(value) && new URL(value).password !== ''
}

/** @returns undefined for a URL of another host */
function withoutPassword(value: string, url: string): string | undefined {
  if (!URL.canParse(value) || !isBelow(new URL(value), url)) return undefined
  const plain = new URL(value)
  plain.username = ''
  plain.password = ''
  return plain.href
}
