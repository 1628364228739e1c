/** Whom a token belongs to: a protocol and host as git names them, the host with its port where it has one. */
export type Account = {
  readonly protocol: string
  readonly host: string
  /** The person, where several have a login for one host; undefined for the default account. */
  readonly username?: string
}

/** The username that Bitbucket takes with an access token, whatever name the URL carries. */
export const USERNAME = 'x-token-auth'

/**
 * The account as a URL, which is how it is named everywhere: `https://alice@bitbucket.org`. Capitals in a name are
 * encoded too, as there are file systems and keyrings that do not tell them from small letters.
 */
export function accountUrl({ protocol, host, username }: Account): string {
  return `${protocol}://${username === undefined ? '' : `${encodeName(username)}@`}${host}`
}

function encodeName(username: string): string {
  return encodeURIComponent(username).replace(/%..|[A-Z]/g, (part) =>
    part.startsWith('%') ? part : `%${part.charCodeAt(0).toString(16)}`,
  )
}

/** The account for people: `bitbucket.org`, `alice@bitbucket.org`. */
export function accountName({ host, username }: Account): string {
  return username === undefined ? host : `${username}@${host}`
}

export function isSameHost(one: Account, other: Account): boolean {
  return one.protocol === other.protocol && one.host === other.host
}

/** The account that answers for all who have no login of their own. */
export function defaultAccount({ protocol, host }: Account): Account {
  return { protocol, host }
}
