/** HFS+ ignores these code points in names. They are those of git's own list (utf8.c, `next_hfs_char`). */
const IGNORED_BY_HFS = /[\u200C-\u200F\u202A-\u202E\u206A-\u206F\uFEFF]/g

/**
 * Whether a part of a path is `.git`, in any spelling that a file system takes for it. A repository's configuration there
 * names programs that git runs, so no archive may bring one (CVE-2014-9390, CVE-2019-1353).
 *
 * @see https://github.com/git/git/blob/master/path.c `is_ntfs_dotgit`
 */
export function hasGitDirectory(path: string): boolean {
  return path.split(/[/\\]/).some(isGitDirectory)
}

function isGitDirectory(name: string): boolean {
  const plain = name.replace(IGNORED_BY_HFS, '').toLowerCase()
  // Windows drops blanks and dots at the end, takes what follows a colon for a stream, and has short names.
  return /^(\.git|git~1)[ .]*(:.*)?$/.test(plain)
}
