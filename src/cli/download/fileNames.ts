import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { orUndefined } from '../../base/failure.ts'

/**
 * Whether a system takes a name for a file. Windows gives some to devices, takes away dots and spaces at the end, and writes
 * `a:b` into a hidden stream of `a`.
 *
 * @see https://learn.microsoft.com/windows/win32/fileio/naming-a-file
 */
export function isFileName(name: string, platform = process.platform): boolean {
  if (platform !== 'win32') return true
  return !/[\p{Cc}<>:"|?*\\]|[. ]$|^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[1-9¹²³]) *(\.|$)/iu.test(name)
}

/** Whether names that differ in case alone are one file in a directory. */
export function ignoresCase(directory: string): boolean {
  const probe = join(directory, `case-${process.pid}`)
  try {
    mkdirSync(probe)
    return existsSync(join(directory, `CASE-${process.pid}`))
  } finally {
    orUndefined(() => rmdirSync(probe))
  }
}

/**
 * Looks at the paths of an archive, one after the other.
 *
 * @param isBlind whether names that differ in case alone are one file
 * @returns what is wrong with one, in words
 */
export function startNameCheck(
  isBlind: boolean,
  platform = process.platform,
): (path: string, isTree: boolean) => string | undefined {
  const seen = new Map<string, { readonly path: string; readonly isTree: boolean }>()
  return (path, isTree) => {
    const parts = path.split('/').filter((part) => part !== '')
    if (!parts.every((part) => isFileName(part, platform))) return `${path} has a name that Windows does not take`
    for (const [index] of isBlind ? parts.entries() : []) {
      const own = { path: parts.slice(0, index + 1).join('/'), isTree: isTree || index < parts.length - 1 }
      const key = own.path.normalize().toLowerCase()
      const other = seen.get(key) ?? own
      seen.set(key, other)
      // Two directories become one, which loses nothing.
      if (other.path !== own.path && !(other.isTree && own.isTree)) return `${path} and ${other.path} are one file here`
    }
    return undefined
  }
}
