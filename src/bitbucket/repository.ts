import { Failure } from '../base/failure.ts'
import type { Product } from './product.ts'

/** A repository as git and the REST interface name it. */
export type Repository = {
  /** For git: https, without a username. */
  readonly url: URL
  /** In Data Center, the key of a project, or `~` and the name of a user. */
  readonly workspace: string
  readonly name: string
}

/** `acme/widgets`. */
export function fullName({ workspace, name }: Pick<Repository, 'workspace' | 'name'>): string {
  return `${workspace}/${name}`
}

/**
 * The repository that a person names: `acme/widgets`, or an address to clone from or to look at.
 *
 * @param base the server, for a name without one: protocol and host, and for Data Center its context path
 * @returns undefined for a URL of a host alone
 * @throws Failure with the code `usage` for a text that names none
 */
export function parseRepository(text: string, base: string, product: Product = 'cloud'): Repository | undefined {
  const address = toHttps(text)
  const url = URL.canParse(address)
    ? new URL(address)
    : /^[\w.~-]+\/[\w.-]+$/.test(address)
      ? new URL(`${product === 'cloud' ? '' : 'scm/'}${address}`, `${base}/`)
      : undefined
  const root = new URL(base).pathname.replace(/\/$/, '')
  const path = url?.pathname.startsWith(`${root}/`) === true ? url.pathname.slice(root.length) : undefined
  if (path === '/' || (url !== undefined && `${url.pathname}/` === `${root}/`)) return undefined
  const { workspace, name } = PATHS[product].exec(path ?? '')?.groups ?? {}
  if (url === undefined || workspace === undefined || name === undefined || !url.protocol.startsWith('http')) {
    throw new Failure('that does not name a repository', {
      code: 'usage',
      hints: ['it has to look like acme/widgets, or https://bitbucket.org/acme/widgets.git'],
    })
  }
  if (product === 'cloud') return { url: new URL(`/${fullName({ workspace, name })}.git`, url.origin), workspace, name }
  const key = path?.startsWith('/users/') === true ? `~${workspace}` : workspace
  return { url: new URL(`${root}/scm/${key}/${name}.git`, url.origin), workspace: key, name }
}

/** Addresses of a repository below its server: to clone from, or to look at. */
const PATHS: Readonly<Record<Product, RegExp>> = {
  cloud: /^\/(?<workspace>[\w.-]+)\/(?<name>[\w.-]+?)(\.git)?(\/.*)?$/,
  'data-center':
    /^\/(?:scm\/|projects\/|users\/)(?<workspace>~?[\w.-]+)\/(?:repos\/)?(?<name>[\w.-]+?)(\.git)?(\/.*)?$/,
}

/** An address for SSH, in either of git's forms. Its user is the same for all people, and its port is not that of https. */
const SSH = /^(?:ssh:\/\/(?:[^@/]*@)?([\w.-]+)(?::\d+)?\/|[\w.-]+@([\w.-]+):)(?=[^/])/

/** `bitbucket.org/acme/widgets`, as a browser shows it. */
const WITHOUT_PROTOCOL = /^[\w-]+(\.[\w-]+)+(:\d+)?\/[^/]+\/[^/]/

/** An address as people have it, as a URL of its web page. A text in any other form stays as it is. */
export function toHttps(text: string): string {
  if (WITHOUT_PROTOCOL.test(text)) return `https://${text}`
  return text.replace(SSH, (_, host: string | undefined, other: string) => `https://${host ?? other}/`)
}
