/**
 * The owner of a token: a protocol and a host as git names them (the host with its port, if any), the path below which the
 * server lies, and a username.
 */
export type Account = {
  readonly protocol: string
  readonly host: string
  /** `/bitbucket`. Undefined for a server at the root of its host. */
  readonly contextPath?: string
  /** Undefined for the default account of the server. */
  readonly username?: string
}

/** Bitbucket takes this username with an access token, and it stands for no account. */
export const USERNAME = 'x-token-auth'

/**
 * The account as a URL, which is its name everywhere: `https://alice@bitbucket.org`. Capitals in a username are encoded
 * too, because some file systems and keyrings do not distinguish them from small letters.
 */
export function accountUrl({ protocol, host, contextPath = '', username }: Account): string {
  return `${protocol}://${username === undefined ? '' : `${encodeName(username)}@`}${host}${contextPath}`
}

function encodeName(username: string): string {
  return encodeURIComponent(username).replace(/%..|[A-Z]/g, (part) =>
    part.startsWith('%') ? part : `%${part.charCodeAt(0).toString(16)}`,
  )
}

/**
 * The account for people: `bitbucket.org`, `alice@bitbucket.org`.
 *
 * @param user who has logged in there, where that is known
 */
export function accountName({ host, contextPath = '', username }: Account, user?: string): string {
  return `${username === undefined ? '' : `${username}@`}${host}${contextPath}${user === undefined ? '' : ` as ${user}`}`
}

export function isSameHost(one: Account, other: Account): boolean {
  return one.protocol === other.protocol && one.host === other.host
}

/** As {@link isSameHost}, and below the same path. */
export function isSameServer(one: Account, other: Account): boolean {
  return isSameHost(one, other) && one.contextPath === other.contextPath
}

/** The account that answers for all usernames without a login of their own. */
export function defaultAccount({ protocol, host, contextPath }: Account): Account {
  return contextPath === undefined ? { protocol, host } : { protocol, host, contextPath }
}
