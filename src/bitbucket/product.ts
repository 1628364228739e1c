/** Bitbucket is two products, with two REST interfaces. */
export type Product = 'cloud' | 'data-center'

/** Where a REST interface has what this program asks for: paths below its URL. */
type Resources = {
  /** Of a path that names no version. */
  readonly version: string
  /** Answers with 2xx or 403 to a valid token. */
  readonly whoami: string
  readonly repository: (repository: { readonly workspace: string; readonly name: string }) => string
  /** A list of all of a workspace, in an order to which what is new adds at the end, where there is such an order. */
  readonly repositories: (workspace: string) => string
}

/**
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/intro/
 * @see https://developer.atlassian.com/server/bitbucket/rest/
 */
export const RESOURCES: Readonly<Record<Product, Resources>> = {
  cloud: {
    version: '2.0/',
    whoami: '2.0/user',
    repository: ({ workspace, name }) => `2.0/repositories/${workspace}/${name}`,
    repositories: (workspace) => `2.0/repositories/${encodeURIComponent(workspace)}?pagelen=100&sort=created_on`,
  },
  'data-center': {
    version: 'rest/api/latest/',
    whoami: 'rest/api/latest/projects?limit=1',
    repository: ({ workspace, name }) => `rest/api/latest/projects/${workspace}/repos/${name}`,
    repositories: (project) => `rest/api/latest/projects/${encodeURIComponent(project)}/repos?limit=100`,
  },
}

/** Whether a path below a REST interface's URL says which version it means. */
export function namesVersion(path: string, product: Product): boolean {
  return product === 'cloud' ? /^\d+\.\d+(\/|$)/.test(path) : path.startsWith('rest/')
}
