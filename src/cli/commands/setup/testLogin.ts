import { consumerPage } from '../../../base/bitbucket.ts'
import { Failure } from '../../../base/failure.ts'
import { isObject } from '../../../base/json.ts'
import { COMMAND } from '../../../base/program.ts'
import { getResource } from '../../../bitbucket/api.ts'
import { permissionOf, readRefusal } from '../../../bitbucket/refusal.ts'
import { readNetwork } from '../../../git/network.ts'
import { logInAnew } from '../../../login/obtain.ts'
import type { Client } from '../../../oauth/client.ts'
import type { AccessToken } from '../../../tokens/accessToken.ts'
import { BITBUCKET_ACCOUNT } from '../../account.ts'
import type { Conversation } from './conversation.ts'

/** One real call: lists the workspace's repositories. */
export async function testLogin(
  client: Client,
  token: AccessToken,
  workspace: string,
  conversation: Conversation,
): Promise<void> {
  const { context, say, dialog } = conversation
  const { apiUrl } = client
  if (apiUrl === undefined) return
  const network = readNetwork(apiUrl, context.env, context.trace)
  const reply = await getResource(
    { url: apiUrl, accessToken: token.accessToken, network },
    `/2.0/repositories/${workspace}?pagelen=1`,
  )
  if (reply.status === 200) return conclude(reply.message ?? {}, token, workspace, conversation)
  const refusal = readRefusal(reply)
  if (refusal.reason === 'scope') {
    const tick = permissionOf(refusal.required[0] ?? 'repository')
    const hint = `on ${consumerPage(workspace)}, edit the consumer: tick ${tick}, and save`
    if (dialog === undefined)
      throw new Failure(`the consumer lacks a permission: ${tick}`, { hints: [hint, `then: ${COMMAND} login`] })
    say(`the consumer lacks a permission: ${tick}`)
    conversation.hint([hint])
    await dialog.pause('Press Enter when that is done, to log in once more')
    const again = await logInAnew(BITBUCKET_ACCOUNT, context)
    return again === undefined ? undefined : testLogin(client, again, workspace, conversation)
  }
  const message =
    refusal.reason === 'missing'
      ? `there is no workspace ${workspace}, or the account that you logged in with does not belong to it`
      : `${apiUrl.host} did not list the repositories of ${workspace} (HTTP ${reply.status})`
  throw new Failure(message, {
    hints: [`to find out why: ${COMMAND} doctor`, `with another account: ${COMMAND} login`],
  })
}

function conclude(
  message: Readonly<Record<string, unknown>>,
  { scopes }: AccessToken,
  workspace: string,
  { say, hint, context }: Conversation,
): void {
  const [first] = Array.isArray(message['values']) ? message['values'] : []
  const name =
    isObject(first) && typeof first['slug'] === 'string' && SLUG.test(first['slug']) ? first['slug'] : undefined
  say(
    name === undefined
      ? `the login works; workspace ${workspace} shows no repository to it yet`
      : `the login works: it sees ${count(message['size'])} of ${workspace}`,
  )
  if (scopes !== undefined && !scopes.split(/[\s,]+/).includes('repository:write')) {
    say('it may clone and fetch, but not push; for that:')
    hint([`tick Repositories: Write on ${consumerPage(workspace)}`, `then log in once more: ${COMMAND} login`])
  }
  say('git is ready:')
  context.write(`\n  git clone https://bitbucket.org/${workspace}/${name ?? 'REPOSITORY'}.git\n`)
}

/** What the server sent is to be copied into a shell. */
const SLUG = /^[\w.-]+$/

function count(size: unknown): string {
  if (size === 1) return 'one repository'
  return typeof size === 'number' ? `${size} repositories` : 'repositories'
}
