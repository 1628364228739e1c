import { Failure } from '../base/failure.ts'
import type { Repository } from './repository.ts'

export const FORMATS = ['tar.gz', 'zip', 'tar.bz2'] as const

export type Format = (typeof FORMATS)[number]

/** What is asked for. */
export type ArchiveRequest = {
  readonly repository: Repository
  /** A branch, tag or commit. */
  readonly ref: string
  readonly format: Format
}

/**
 * Where Bitbucket has a repository's archive. It takes a Bearer token there and nothing else.
 *
 * @throws Failure with the code `usage` for what can be no ref: in a path it would lead to another repository
 */
export function archiveUrl({ repository, ref, format }: ArchiveRequest): URL {
  const parts = ref.split('/')
  if (parts.some((part) => /^\.*$/.test(part)) || /[\s\p{Cc}~^:?*[\\]/u.test(ref)) {
    throw new Failure('that is no branch, tag or commit', {
      code: 'usage',
      hints: ['give its name as git branch, git tag or git log show it'],
    })
  }
  const { workspace, name, url } = repository
  return new URL(`/${workspace}/${name}/get/${parts.map(encodeURIComponent).join('/')}.${format}`, url.origin)
}

/**
 * The name that Bitbucket gives to an archive: it has the commit in it, so what has the same name holds the same.
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
