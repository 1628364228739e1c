/**
 * Whether a URL's host can only be this machine (RFC 8252, section 7.3). Only there is plain http good enough for a
 * secret.
 */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
}

/** Whether a secret may be sent to a URL: https anywhere, http on this machine. */
export function isConfidential(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
}
