import { systemCode } from './failure.ts'

/** Whether an error comes from the operating system, such as `ENOSPC`. Node's own codes begin with `ERR_`. */
export function isOfSystem(error: unknown): boolean {
  return /^E[A-Z]+$/.test(systemCode(error) ?? '')
}

/** Why the system refused something, in words for people. */
export function reasonOf(error: unknown): string {
  const code = systemCode(error)
  return (code && REASONS[code]) ?? code ?? String(error)
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'it would exceed the file size limit',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a file stands where a directory should be',
  EEXIST: 'a file stands where a directory should be',
  ENOTEMPTY: 'something was put there meanwhile',
  ENOENT: 'it is not there any more',
  EPIPE: 'its reader has gone',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'it is a symbolic link',
}
