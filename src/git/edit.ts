import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { replace } from '../base/busy.ts'
import { Failure, orUndefined, systemCode } from '../base/failure.ts'
import { quote, shellWord } from '../base/shell.ts'
import { isOfSystem, reasonOf } from '../base/systemError.ts'

/**
 * Changes a file of git's configuration whole or not at all, under the lock that git itself takes for it, so that no
 * `git config` beside it is lost. Follows symbolic links, keeps the mode, and makes a file as git does.
 *
 * @param edit changes the draft, a copy of the file (an empty one where there is none) that takes its place afterwards
 * @throws Failure where the file is locked or cannot be written; it is as it was then
 * @see https://git-scm.com/docs/api-lockfile
 */
export function editConfigFile(path: string, edit: (draft: string) => void): void {
  assertPlainFile(path)
  const file = followLinks(path)
  const draft = `${file}.lock`
  const mode = lockFile(file, draft)
  try {
    const before = existsSync(file) ? readFileSync(file) : Buffer.alloc(0)
    writeFileSync(draft, before)
    edit(draft)
    if (readFileSync(draft).equals(before)) return
    // Nothing is added: git has written it, and leaves it to the system when it reaches the disk.
    writeFileSync(draft, '', { flag: 'a', flush: true })
    if (mode !== undefined) chmodSync(draft, mode)
    replace(draft, file)
  } catch (error) {
    throw isOfSystem(error) ? unchangeableFailure(file, error) : error
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
 * Git's lock is the draft of the new file. It may hold secrets, so it is nobody else's where there is a file already.
 *
 * @returns the file's mode; undefined where there is none
 */
function lockFile(file: string, draft: string): number | undefined {
  try {
    const mode = statSync(file, { throwIfNoEntry: false })?.mode
    closeSync(openSync(draft, 'wx', mode === undefined ? 0o666 : 0o600))
    return mode === undefined ? undefined : mode & 0o7777
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw unchangeableFailure(file, error)
    throw new Failure(`${file} is locked by another git process, or was left so by one that was killed`, {
      hints: [`if no git runs: ${shellWord('rm')} ${quote(draft)}`],
      cause: error,
    })
  }
}

function unchangeableFailure(file: string, error: unknown): Failure {
  const reason = systemCode(error) === 'ENOENT' ? 'there is no such directory' : reasonOf(error)
  return new Failure(`${file} cannot be changed: ${reason}`, {
    hints: ['you must be allowed to write into its directory; for --system that takes an administrator'],
    cause: error,
  })
}
