import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, normalize, sep } from 'node:path'
import { orUndefined, systemCode } from '../../base/failure.ts'

/** A symbolic link of an archive. */
type Link = { readonly path: string; readonly target: string }

/**
 * Whether a link leads out of the directory that is unpacked. A repository may hold such links, to `/etc/hosts` or to a
 * neighbour, and they are harmless as long as nothing is written through them.
 */
export function isOutward({ path, target }: Link): boolean {
  const place = normalize(join(dirname(path), target))
  return isAbsolute(target) || /^[a-z]:|^\\/i.test(target) || place === '..' || place.startsWith(`..${sep}`)
}

/**
 * Makes links as GNU tar makes those that lead out: after all else is unpacked, so that nothing is written through one.
 *
 * @returns what cannot be made, in words: another link leads to its place, or something stands there. No archive of a
 *   repository is like that
 */
export function makeLateLinks(directory: string, links: readonly Link[]): string[] {
  return links.filter((link) => !isMade(directory, link)).map(({ path }) => `${path} has no place of its own`)
}

function isMade(directory: string, { path, target }: Link): boolean {
  const parts = path.split('/')
  if (parts.includes('..')) return false
  try {
    let above = directory
    for (const part of parts.slice(0, -1)) {
      above = join(above, part)
      const found = orUndefined(() => lstatSync(above))
      if (found === undefined) mkdirSync(above)
      else if (!found.isDirectory()) return false
    }
    makeLink(target, join(directory, path))
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Where Windows refuses it, a file with the target takes the link's place, as in a clone of git's.
 *
 * @see https://git-scm.com/docs/git-config#Documentation/git-config.txt-coresymlinks
 */
export function makeLink(target: string, path: string, { platform = process.platform, link = symlinkSync } = {}): void {
  try {
    link(target, path)
  } catch (error) {
    if (platform !== 'win32' || systemCode(error) !== 'EPERM') throw error
    writeFileSync(path, target, { flag: 'wx' })
  }
}
