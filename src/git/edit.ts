import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Failure, orUndefined, systemCode } from '../base/failure.ts'
import { quote } from '../base/shell.ts'

/**
 * Changes a file of git's configuration whole or not at all, under the lock that git itself takes for it, so that no
 * `git config` beside it is lost. Follows symbolic links, keeps the mode, and makes a file as git does.
 *
 * @param edit changes the draft, a copy of the file (an empty one where there is none) that takes its place afterwards;
 *   it tells whether there shall be a file at all
 * @throws Failure where the file is locked or cannot be written; it is as it was then
 * @see https://git-scm.com/docs/api-lockfile
 */
export function editConfigFile(path: string, edit: (draft: string) => boolean): void {
  assertPlainFile(path)
  const file = followLinks(path)
  const draft = `${file}.lock`
  const exists = lockFile(file, draft)
  try {
    const before = exists ? readFileSync(file) : undefined
    if (before !== undefined) writeFileSync(draft, before)
    if (!edit(draft)) {
      if (before !== undefined) unlinkSync(file)
    } else if (before === undefined || !readFileSync(draft).equals(before)) {
      sync(draft)
      renameSync(draft, file)
    }
  } catch (error) {
    throw error instanceof Failure ? error : unchangeableFailure(file, error)
  } finally {
    orUndefined(() => unlinkSync(draft))
  }
}

/**
 * A rename would put a file in the place of a device, such as the /dev/null that stands for no configuration in many a
 * container; and git waits at a pipe for ever.
 *
 * @throws Failure for whatever is there and is no plain file, after all links
 */
export function assertPlainFile(path: string): void {
  const found = orUndefined(() => statSync(path, { throwIfNoEntry: false }))
  if (found === undefined || found.isFile()) return
  throw new Failure(`${path} is ${found.isDirectory() ? 'a directory' : 'no plain file'}, so it is left as it is`, {
    hints: ['let GIT_CONFIG_GLOBAL, or for --system GIT_CONFIG_SYSTEM, name a plain file, or unset it'],
  })
}

/** Where a path leads in the end, be there a file or not. */
export function followLinks(path: string, left = DEPTH): string {
  const real = orUndefined(() => realpathSync(path))
  if (real !== undefined) return real
  const target = orUndefined(() => readlinkSync(path))
  // A link whose target is still missing is written through, as git does.
  return target === undefined || left === 0 ? path : followLinks(resolve(dirname(path), target), left - 1)
}

/** As many links in a row as git follows. */
const DEPTH = 5

/**
 * Git's lock is the draft of the new file. It may hold secrets, so it is never more open than the file.
 *
 * @returns whether there is a file
 */
function lockFile(file: string, draft: string): boolean {
  try {
    const mode = statSync(file, { throwIfNoEntry: false })?.mode
    const handle = openSync(draft, 'wx', mode === undefined ? 0o666 : 0o600)
    try {
      if (mode !== undefined) fchmodSync(handle, mode & 0o7777)
    } finally {
      closeSync(handle)
    }
    return mode !== undefined
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unchangeableFailure(file, error)
    throw new Failure(`${file} is locked by another git process, or was left so by one that was killed`, {
      hints: [`if no git runs: rm ${quote(draft)}`],
      cause: error,
    })
  }
}

function sync(path: string): void {
  const handle = openSync(path, constants.O_RDWR)
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** "EACCES: permission denied, open '/etc/gitconfig.lock'": the system's reason, as git would print it. */
function unchangeableFailure(file: string, error: unknown): Failure {
  const reason = /^\w+: ([^,]+)/.exec(error instanceof Error ? error.message : '')?.[1] ?? String(error)
  return new Failure(`${file} cannot be changed: ${reason}`, {
    hints: ['you must be allowed to write into its directory; for --system that takes an administrator'],
    cause: error,
  })
}
