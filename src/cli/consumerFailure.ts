import { consumerPage } from '../base/bitbucket.ts'
import { Failure } from '../base/failure.ts'
import type { Client } from '../oauth/client.ts'
import type { Probe } from '../oauth/probe.ts'

/** The steps that only the caller knows. */
type Steps = {
  /** Undefined where it is not known. */
  readonly workspace?: string | undefined
  /** After the key and secret were copied once more. */
  readonly giveAnew: readonly string[]
  /** For another callback URL that is to stay as it is. */
  readonly keepCallback: string
}

/** What is wrong with a consumer, and what to do about it. Undefined where nothing is wrong. */
export function consumerFailure({ verdict, status }: Probe, client: Client, steps: Steps): Failure | undefined {
  const { host } = client.tokenEndpoint
  const page = consumerPage(steps.workspace)
  const setCallback = `edit the consumer on ${page}: set the callback URL to ${client.redirectUri}, and save`
  switch (verdict) {
    case 'good':
      return undefined
    case 'refused':
      return new Failure(`${host} refuses the consumer's key and secret`, {
        hints: [`copy both once more from ${page}: a click on the consumer's name shows them`, ...steps.giveAnew],
      })
    case 'without callback':
      return new Failure('the consumer has no callback URL', { hints: [setCallback] })
    case 'other callback':
      return new Failure(`the consumer's callback URL is not ${client.redirectUri}`, {
        hints: [setCallback, steps.keepCallback],
      })
    default:
      return new Failure(`${host} gave no usable answer (HTTP ${status})`, { hints: ['try again in a while'] })
  }
}
