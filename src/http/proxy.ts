import { request } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { Failure, orUndefined } from '../base/failure.ts'

export type Address = { readonly host: string; readonly port: number }

/** Where a proxy listens. */
export function addressOf({ protocol, hostname, port }: URL): Address {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (protocol === 'https:' ? 443 : 80)) }
}

export function isSocks({ protocol }: URL): boolean {
  return protocol.startsWith('socks')
}

/**
 * Asks an http proxy for a connection (RFC 9110, section 9.3.6).
 *
 * @param sends whether the username and password of the proxy's URL go along: only a proxy that has asked gets them
 * @returns the status. What the proxy says beside it must never count as the server's word
 * @throws Failure where no other try would help
 */
export function openTunnel(socket: Socket, proxy: URL, target: Address, sends: boolean): Promise<number> {
  const host = `${isIP(target.host) === 6 ? `[${target.host}]` : target.host}:${target.port}`
  const headers = { host, ...(sends ? { 'proxy-authorization': `Basic ${encodeCredentials(proxy)}` } : {}) }
  return new Promise((resolve, reject) => {
    request({ createConnection: () => socket, method: 'CONNECT', path: host, headers })
      .once('connect', ({ statusCode = 0, headers: { 'proxy-authenticate': schemes } }) => {
        if (statusCode === 200) return resolve(statusCode)
        socket.destroy()
        const mayAnswer = statusCode === 407 && !sends && proxy.username !== '' && asksForBasic(schemes)
        if (mayAnswer) resolve(statusCode)
        else reject(refusalFailure(statusCode, schemes))
      })
      .once('error', reject)
      .end()
  })
}

function encodeCredentials({ username, password }: URL): string {
  return Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')
}

/** A part of a URL; as it stands where a percent sign was meant as one. */
export function decode(text: string): string {
  return orUndefined(() => decodeURIComponent(text)) ?? text
}

/** Node joins several headers of this name with commas. A proxy that names no scheme gets the one that there always was. */
function asksForBasic(schemes: string | undefined): boolean {
  return schemes === undefined || /(^|,\s*)basic\b/i.test(schemes)
}

function refusalFailure(status: number, schemes: string | undefined): Failure {
  const other = status === 407 && !asksForBasic(schemes) ? schemes?.split(/[\s,]/)[0] : undefined
  return new Failure(`the proxy did not connect (HTTP ${status})`, {
    code: 'unreachable',
    hints: [
      other !== undefined
        ? `it wants ${other}, and this program knows Basic alone: a small proxy on this machine, such as cntlm, can stand between`
        : // Some answer 401 to a wrong password.
          status === 407 || status === 401
          ? 'give it a username and password: http://USER:PASSWORD@HOST:PORT in http.proxy'
          : 'try again in a while, or look at http.proxy in git config, HTTPS_PROXY and ALL_PROXY',
    ],
  })
}
