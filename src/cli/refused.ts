import { consumerPage, TWO_STEP_PAGE } from '../base/bitbucket.ts'
import { Failure } from '../base/failure.ts'
import { isObject, parseObject } from '../base/json.ts'
import { COMMAND } from '../base/program.ts'
import { readText } from '../bitbucket/readText.ts'
import { permissionOf, readRefusal } from '../bitbucket/refusal.ts'
import type { OpenAnswer } from '../http/http.ts'
import { loginCommand } from '../login/loginCommand.ts'
import type { Account } from '../tokens/account.ts'

/** What was asked for, in the words of the message. */
export type Subject = {
  readonly account: Account
  /** What is not there, if it is not: `acme/widgets, or in it no v1.2`. */
  readonly what: string
  readonly workspace?: string | undefined
  readonly repository?: string
}

/** More of a refusal is no sentence. Bytes. */
const LONGEST_REFUSAL = 64 * 1024

/** Reads an answer other than 2xx, and says what it means. */
export async function explainRefusal(answer: OpenAnswer, subject: Subject): Promise<Failure> {
  return refusalInWords(answer, await readText(answer, LONGEST_REFUSAL), subject)
}

/** What an answer other than 2xx means, and what to do. */
export function refusalInWords({ status, url, isElsewhere }: OpenAnswer, text: string, subject: Subject): Failure {
  const { account, what, workspace, repository } = subject
  const { host } = url
  const message = parseObject(text)
  if (isElsewhere === true) {
    return new Failure(`${host}, where the download was to come from, answered with HTTP ${status}`, {
      hints: ['run the command again: such an address is good for a short time'],
    })
  }
  const refusal = readRefusal({ status, message, text })
  const otherAccount = `with another account: ${loginCommand(account)}`
  const doctor = `to find out why: ${COMMAND} doctor${repository === undefined ? '' : ` ${repository}`}`
  switch (refusal.reason) {
    case 'token':
      return new Failure(`${host} refuses even an access token that it has just issued`, {
        hints: [doctor, `to log in anew: ${loginCommand(account)}`],
      })
    case 'scope': {
      const ticks = (refusal.required.length === 0 ? ['repository'] : refusal.required).map(permissionOf)
      const page = consumerPage(workspace)
      return new Failure(`the consumer lacks a permission: ${ticks.join(' and ')}`, {
        hints: [`tick it on ${page}`, `then: ${loginCommand(account)}`],
      })
    }
    case 'network rule':
      return new Failure('the workspace admits certain networks only, and this is none of them', {
        hints: ["use the company's network or VPN, or ask the workspace's administrator"],
      })
    case 'two-step rule':
      return new Failure('the workspace asks for two-step verification', {
        hints: [`switch it on: ${TWO_STEP_PAGE}`],
      })
    case 'access':
      return new Failure(`the account that you logged in with has no access to ${what}`, {
        hints: ["ask the repository's or workspace's administrator for access", otherAccount],
      })
    case 'missing':
      return new Failure(`there is no ${what}; or the account that you logged in with may not see it`, {
        hints: [doctor, otherAccount],
      })
    case 'busy':
      return new Failure(`${host} takes no more requests for now (HTTP 429)`, {
        hints: ['it counts them by the hour: try again later'],
      })
    default:
      return new Failure(`${host} answered${quoteWords(message)} (HTTP ${status})`, {
        hints:
          status >= 500
            ? ['try again in a while']
            : ['compare the request with https://developer.atlassian.com/cloud/bitbucket/rest/'],
      })
  }
}

/** Bitbucket's own words, with those on single fields. */
function quoteWords(message: Readonly<Record<string, unknown>> | undefined): string {
  const error = isObject(message?.['error']) ? message['error'] : {}
  const words = typeof error['message'] === 'string' ? error['message'] : undefined
  const fields = Object.entries(isObject(error['fields']) ? error['fields'] : {}).map(
    ([name, texts]) => `${name}: ${[texts].flat().map(String).join(' ')}`,
  )
  return words === undefined ? '' : `: ${[words, ...fields].join('; ')}`
}
