import { isAbsolute } from 'node:path'

/**
 * Whether a path names the same file wherever one stands. On Windows `/bin` and `\bin` do not: they go by the drive, and there
 * everybody may make directories.
 *
 * @see https://learn.microsoft.com/dotnet/standard/io/file-path-formats
 */
export function isFixed(path: string, platform = process.platform): boolean {
  return platform === 'win32' ? /^([a-z]:[\\/]|[\\/]{2}[^\\/])/i.test(path) : isAbsolute(path)
}
