import { Failure } from '../base/failure.ts'
import { type Product, RESOURCES } from './product.ts'
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
 * Where Bitbucket has a repository's archive. Cloud takes a Bearer token there and nothing else.
 *
 * @param api the URL and product of the REST interface; Cloud has archives beside it
 * @throws Failure with the code `usage` for a text that cannot be a ref: in a path it might lead to another repository
 */
export function archiveUrl(
  { repository, ref, format }: ArchiveRequest,
  api: { readonly product: Product; readonly url: () => URL },
): URL {
  const parts = ref.split('/')
  if (parts.some((part) => /^\.*$/.test(part)) || /[\s\p{Cc}~^:?*[\\]/u.test(ref)) {
    throw new Failure('that is not a branch, tag or commit', {
      code: 'usage',
      hints: ['give its name as git branch, git tag or git log show it'],
    })
  }
  if (api.product === 'data-center') return dataCenterArchiveUrl({ repository, ref, format }, api.url())
  const path = `/${fullName(repository)}/get/${parts.map(encodeURIComponent).join('/')}.${format}`
  return new URL(path, repository.url.origin)
}

/**
 * Cloud puts all below one directory; here it has to be asked for.
 *
 * @see https://developer.atlassian.com/server/bitbucket/rest/latest/api-group-repository/
 */
function dataCenterArchiveUrl({ repository, ref, format }: ArchiveRequest, api: URL): URL {
  if (format === 'tar.bz2') {
    throw new Failure('Bitbucket Data Center makes no tar.bz2', { code: 'usage', hints: ['--format tar.gz, or zip'] })
  }
  const url = new URL(`${RESOURCES['data-center'].repository(repository)}/archive`, api)
  url.search = new URLSearchParams({
    format,
    prefix: `${repository.name}/`,
    ...(ref === 'HEAD' ? {} : { at: ref }),
  }).toString()
  return url
}

/**
 * The name that Bitbucket gives to an archive.
 *
 * @param disposition the header Content-Disposition (RFC 6266)
 * @returns undefined where it gives none, or one that could do harm
 */
export function givenName(format: Format, disposition: string | undefined): string | undefined {
  const given = /(?:^|;)\s*filename="?([^";]+)"?/i.exec(disposition ?? '')?.[1]?.trim()
  return given !== undefined && NAME.test(given) && given.endsWith(`.${format}`) ? given : undefined
}

/** Whether a name has the commit in it, as those of Bitbucket have: then archives of that name hold the same. */
export function namesCommit(name: string): boolean {
  return /[-@][\da-f]{7,40}\./.test(name)
}

/** A name where Bitbucket gives none: `acme-widgets-main.tar.gz`. */
export function ownName({ repository, ref, format }: ArchiveRequest): string {
  return `${repository.workspace}-${repository.name}-${ref.replaceAll(/[^\w.-]+/g, '-')}.${format}`
}

/** Neither a path nor hidden. */
const NAME = /^\w[\w.+@-]{0,200}$/
