/**
 * Reads the address at which a browser ended that could not come back to this machine. It is checked as a redirect is: only the
 * redirect URI, only with a state of this login (RFC 6749, section 10.12).
 *
 * @param text may be a secret
 * @returns the authorization response, or in words what is wrong with the text
 */
export function readPastedRedirect(
  text: string,
  redirectUri: string,
  states: readonly string[],
): URLSearchParams | string {
  const address = text.replaceAll(/[\s"'<>]/g, '')
  const written = /^[a-z][\w+.-]*:\/\//i.test(address) ? address : `http://${address}`
  const url = URL.canParse(written) ? new URL(written) : undefined
  const { origin, pathname } = new URL(redirectUri)
  if (url?.origin !== origin || url.pathname !== pathname) {
    return `that is not the address at which the browser ended: it begins with ${redirectUri}`
  }
  const { searchParams } = url
  const state = searchParams.get('state') ?? ''
  if (!searchParams.has('code') && !searchParams.has('error')) return CUT_OFF
  if (states.includes(state)) return searchParams
  return states.some((known) => known.startsWith(state))
    ? CUT_OFF
    : 'that address belongs to another login: take the one where the browser ended after the address above'
}

const CUT_OFF = 'that address is not whole: copy all of it'
