import { isFailure } from '../failure.ts'
import type { Network } from '../http.ts'
import { BITBUCKET, type Client } from '../oauth/client.ts'
import { probeClient, refusesRedirectUri } from '../oauth/probe.ts'
import { listenForRedirect } from '../oauth/redirect.ts'
import { inWords } from '../duration.ts'
import { type Finding, fault, faultOf, good, note } from './finding.ts'

const SETUP = 'git credential-bitbucket-oauth setup'

/** By so much a clock may be wrong before logins and certificates suffer. Seconds. */
const CLOCK_LIMIT = 120

/** Where the consumer's key and secret are kept. */
export function checkConsumer({ clientId, secretSource }: Client, url: string): Finding {
  const key = `key ${mask(clientId)}`
  if (secretSource === 'configuration') {
    const text = `${key}; the secret stands in git's configuration, in plain text`
    return note('consumer', text, ...(url === BITBUCKET ? [`to move it to where logins are kept: ${SETUP}`] : []))
  }
  const place =
    secretSource === 'environment' ? 'in the environment' : "not in git's configuration, but with the logins"
  return good('consumer', `${key}; the secret is ${place}`)
}

/** The beginning of what is no secret, but need not be shown whole either. */
export function mask(text: string): string {
  return `${text.slice(0, 4)}…`
}

/** Whether a login could come back to this machine. */
export async function checkCallback({ redirectUri }: Client): Promise<Finding> {
  try {
    const listener = await listenForRedirect(redirectUri)
    listener.close()
    return good('callback', `${listener.redirectUri} is free`)
  } catch (error) {
    if (!isFailure(error)) throw error
    return faultOf('callback', error)
  }
}

/** Whether the server can be reached, knows the consumer, and agrees about the time. Changes nothing there. */
export async function checkServer(client: Client, network: Network, now: () => number): Promise<Finding[]> {
  const findings = [good('network', describeNetwork(network))]
  const { host } = client.tokenEndpoint
  const page = 'on its page, https://bitbucket.org/WORKSPACE/workspace/settings/api'
  try {
    const { client: verdict, status, serverTime } = await probeClient(client, network)
    findings.push(
      verdict === 'good'
        ? good('server', `${host} answers, and knows the consumer`)
        : verdict === 'refused'
          ? fault('server', `${host} refuses the consumer's key and secret`, `copy both anew ${page}: ${SETUP}`)
          : verdict === 'without callback'
            ? fault('server', 'the consumer has no callback URL', `set it to ${client.redirectUri} ${page}`)
            : fault('server', `${host} gives no usable answer (HTTP ${status})`, 'try again in a while'),
    )
    if (serverTime !== undefined) findings.push(checkClock(now() - serverTime, host))
    if (verdict === 'good' && (await refusesRedirectUri(client, network))) {
      const text = `the consumer's callback URL is another one than ${client.redirectUri}`
      findings.push(
        fault('callback', text, `make it exactly that ${page}, or set oauthRedirectURL to what stands there`),
      )
    }
  } catch (error) {
    if (!isFailure(error)) throw error
    findings.push(
      faultOf('server', error, 'see whether a browser reaches it; a company may need http.proxy in git config'),
    )
  }
  return findings
}

function describeNetwork({ proxy, certificateFiles }: Network): string {
  const way = proxy === undefined ? 'without a proxy' : `through the proxy ${proxy.host}`
  return `${way}${certificateFiles.length === 0 ? '' : `, trusting ${certificateFiles.join(' and ')} too`}`
}

function checkClock(ahead: number, host: string): Finding {
  if (Math.abs(ahead) <= CLOCK_LIMIT) return good('clock', `agrees with ${host}`)
  const text = `goes ${inWords(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} that of ${host}`
  return fault('clock', text, 'set it right: timedatectl set-ntp true')
}
