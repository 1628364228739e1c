import { Failure } from '../base/failure.ts'

/** A repository as git and the REST interface name it. */
export type Repository = {
  /** For git: https, without a username. */
  readonly url: URL
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
 * @param base the host, for a name without one
 * @returns undefined for a URL of a host alone
 * @throws Failure with the code `usage` for a text that names none
 */
export function parseRepository(text: string, base: string): Repository | undefined {
  const address = toHttps(text)
  const url = URL.canParse(address)
    ? new URL(address)
    : /^[\w.-]+\/[\w.-]+$/.test(address)
      ? new URL(address, `${base}/`)
      : undefined
  const [, workspace, name] = /^\/([\w.-]+)\/([\w.-]+?)(\.git)?(\/.*)?$/.exec(url?.pathname ?? '') ?? []
  if (url !== undefined && url.pathname === '/') return undefined
  if (url === undefined || workspace === undefined || name === undefined || !url.protocol.startsWith('http')) {
    throw new Failure('that does not name a repository', {
      code: 'usage',
      hints: ['it has to look like acme/widgets, or https://bitbucket.org/acme/widgets.git'],
    })
  }
  return { url: new URL(`/${fullName({ workspace, name })}.git`, url.origin), workspace, name }
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
