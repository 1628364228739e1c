/**
 * Whether a URL lies on a server.
 *
 * @param base protocol and host, and perhaps a path, as `https://git.acme.example/bitbucket`: then below that path only
 */
export function isBelow({ origin, pathname }: URL, base: string): boolean {
  return base === origin || `${origin}${pathname}/`.startsWith(`${base}/`)
}
