import { Failure } from '../failure.ts'

/** A repository as git and the REST interface name it. */
export type Repository = {
  /** For git: https, without a username. */
  readonly url: URL
  readonly workspace: string
  readonly name: string
}

/**
 * The repository that a person names: `acme/widgets`, or a URL to clone from or to look at.
 *
 * @param base the host, for a name without one
 * @returns undefined for a URL of a host alone
 * @throws Failure with the code `usage` for what names none
 */
export function parseRepository(text: string, base: string): Repository | undefined {
  const url = URL.canParse(text)
    ? new URL(text)
    : /^[\w.-]+\/[\w.-]+$/.test(text)
      ? new URL(text, `${base}/`)
      : undefined
  const [, workspace, name] = /^\/([\w.-]+)\/([\w.-]+?)(\.git)?(\/.*)?$/.exec(url?.pathname ?? '') ?? []
  if (url !== undefined && url.pathname === '/') return undefined
  if (url === undefined || workspace === undefined || name === undefined || !url.protocol.startsWith('http')) {
    throw new Failure('that names no repository', {
      code: 'usage',
      hints: ['it has to look like acme/widgets, or https://bitbucket.org/acme/widgets.git'],
    })
  }
  return { url: new URL(`/${workspace}/${name}.git`, url.origin), workspace, name }
}
