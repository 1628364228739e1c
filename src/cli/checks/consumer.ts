import { BITBUCKET } from '../../base/bitbucket.ts'
import { formatDuration } from '../../base/duration.ts'
import { isFailure } from '../../base/failure.ts'
import { COMMAND } from '../../base/program.ts'
import type { Network } from '../../http/network.ts'
import { type Client, setClientCommand } from '../../oauth/client.ts'
import { probeClient, probeRedirectUri } from '../../oauth/probe.ts'
import { listenForRedirect } from '../../oauth/redirect.ts'
import { consumerFailure } from '../consumerFailure.ts'
import { fault, faultOf, type Finding, good, note } from './finding.ts'

const SETUP = `${COMMAND} setup`

/** Commands that setup carries out too. */
const INCLUDED = new Set([`${COMMAND} configure`, `${COMMAND} login`])

/** A clock that is wrong by more may cost logins, and make certificates look invalid. Seconds. */
const CLOCK_LIMIT = 120

/** Where the consumer's key and secret are kept. */
export function checkConsumer({ clientId, secretSource }: Client, url: string): Finding {
  const key = `key ${mask(clientId)}`
  if (secretSource === 'configuration') {
    const text = `${key}; the secret stands in git's configuration, in plain text`
    return note('consumer', text, ...(url === BITBUCKET ? ['to move it to where logins are kept:', SETUP] : []))
  }
  const place =
    secretSource === 'environment' ? 'in the environment' : "not in git's configuration, but with the logins"
  return good('consumer', `${key}; the secret is ${place}`)
}

/** The beginning of a text that is not secret, but need not be shown whole either. */
export function mask(text: string): string {
  return `${text.slice(0, 4)}...`
}

/** Where the consumer is missing, setup is the only command that is needed: it configures git and logs in too. */
export function leaveToSetup(findings: readonly Finding[]): readonly Finding[] {
  if (!findings.some(({ check, level, cures }) => check === 'consumer' && level === 'fault' && cures.includes(SETUP))) {
    return findings
  }
  return findings.map((found) =>
    found.level === 'fault' && found.cures.every((cure) => INCLUDED.has(cure))
      ? { ...found, cures: ['setup, which the consumer needs, does this too'] }
      : found,
  )
}

/** Whether a login could come back to this machine. */
export async function checkCallback({ redirectUri }: Client, env: NodeJS.ProcessEnv): Promise<Finding> {
  try {
    const listener = await listenForRedirect(redirectUri, env)
    listener.close()
    return good('callback', `${listener.redirectUri} is free`)
  } catch (error) {
    if (!isFailure(error)) throw error
    return faultOf('callback', error)
  }
}

/**
 * Whether the server can be reached, knows the consumer, and has the same time. Changes nothing there.
 *
 * @param url the host whose consumer it is
 */
export async function checkServer(
  client: Client,
  url: string,
  network: Network,
  now: () => number,
): Promise<Finding[]> {
  const findings = [good('network', describeNetwork(network))]
  const { host } = client.tokenEndpoint
  try {
    const probe = await probeClient(client, network)
    const steps = {
      giveAnew: giveAnew(client, url),
      keepCallback: 'or set oauthRedirectURL to the callback URL that stands there',
    }
    const failure = consumerFailure(probe, client, steps)
    findings.push(
      failure === undefined ? good('server', `${host} answers, and knows the consumer`) : faultOf('server', failure),
    )
    if (probe.serverTime !== undefined) findings.push(checkClock(now() - probe.serverTime, host))
    if (failure !== undefined) return findings
    const callback = consumerFailure({ ...probe, verdict: await probeRedirectUri(client, network) }, client, steps)
    if (callback !== undefined) findings.push(faultOf('callback', callback))
  } catch (error) {
    if (!isFailure(error)) throw error
    findings.push(
      faultOf(
        'server',
        error,
        network.proxy === undefined
          ? 'see whether a browser reaches it; a company may need http.proxy in git config'
          : 'see whether that is the right proxy: it is set by http.proxy in git config, HTTPS_PROXY or ALL_PROXY',
      ),
    )
  }
  return findings
}

/** The environment counts more than what setup keeps, and holds for Bitbucket alone. */
function giveAnew({ secretSource }: Client, url: string): string[] {
  if (secretSource === 'environment') {
    const variables = ['ID', 'SECRET'].map((name) => `GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_${name}`)
    return [`then set ${variables.join(' and ')} to them`]
  }
  return url === BITBUCKET ? [SETUP] : (['Id', 'Secret'] as const).map((what) => setClientCommand(url, what))
}

/** What would be used on the way to a host, without a secret. */
export function describeNetwork(network: Network): string {
  const { proxy, certificateFiles, certificateDirectory, clientCertificate } = network
  const kind = proxy?.protocol === 'http:' ? '' : `${proxy?.protocol.slice(0, -1)} `
  const way = proxy === undefined ? 'without a proxy' : `through the ${kind}proxy ${proxy.host}`
  const trusted = [...certificateFiles, ...(certificateDirectory === undefined ? [] : [certificateDirectory])]
  const shown =
    clientCertificate === undefined ? '' : `, showing the certificate in ${clientCertificate.certificateFile}`
  return `${way}${trusted.length === 0 ? '' : `, trusting ${trusted.join(' and ')} too`}${shown}`
}

function checkClock(ahead: number, host: string): Finding {
  if (Math.abs(ahead) <= CLOCK_LIMIT) return good('clock', `agrees with ${host}`)
  const text = `goes ${formatDuration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} that of ${host}`
  return fault('clock', text, "set this machine's clock right; where there is systemd:", 'timedatectl set-ntp true')
}
