import { Failure } from '../base/failure.ts'
import { fullName, type Repository } from './repository.ts'

export const FORMATS = ['tar.gz', 'zip', 'tar.bz2'] as const

export type Format = (typeof FORMATS)[number]

export type ArchiveRequest = {
  readonly repository: Repository
  /** A branch, tag or commit. */
  readonly ref: string
  readonly format: Format
}

/**
 * Where Bitbucket has a repository's archive. It takes a Bearer token there and nothing else.
 *
 * @throws Failure with the code `usage` for a text that cannot be a ref: in a path it might lead to another repository
 */
export function archiveUrl({ repository, ref, format }: ArchiveRequest): URL {
  const parts = ref.split('/')
  if (parts.some((part) => /^\.*$/.test(part)) || /[\s\p{Cc}~^:?*[\\]/u.test(ref)) {
    throw new Failure('that is not a branch, tag or commit', {
      code: 'usage',
      hints: ['give its name as git branch, git tag or git log show it'],
    })
  }
  const path = `/${fullName(repository)}/get/${parts.map(encodeURIComponent).join('/')}.${format}`
  return new URL(path, repository.url.origin)
}

/**
 * The name that Bitbucket gives to an archive. It has the commit in it, so archives with the same name hold the same.
 *
 * @param disposition the header Content-Disposition (RFC 6266)
 * @returns undefined where it gives none, or one that could do harm
 */
export function givenName(format: Format, disposition: string | undefined): string | undefined {
  const given = /(?:^|;)\s*filename="?([^";]+)"?/i.exec(disposition ?? '')?.[1]?.trim()
  return given !== undefined && NAME.test(given) && given.endsWith(`.${format}`) ? given : undefined
}

/** A name where Bitbucket gives none: `acme-widgets-main.tar.gz`. */
export function ownName({ repository, ref, format }: ArchiveRequest): string {
  return `${repository.workspace}-${repository.name}-${ref.replaceAll(/[^\w.-]+/g, '-')}.${format}`
}

/** Neither a path nor hidden. */
const NAME = /^\w[\w.+-]{0,200}$/
