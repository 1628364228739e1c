import { isObject } from '../../../base/json.ts'
import { getResource } from '../../../bitbucket/getResource.ts'
import { permissionHints, readRefusal, refusalFailure } from '../../../bitbucket/refusal.ts'
import { readNetwork } from '../../../git/network.ts'
import { logInOnRequest } from '../../../login/obtain.ts'
import type { Client } from '../../../oauth/client.ts'
import type { AccessToken } from '../../../tokens/accessToken.ts'
import { accountCommands, BITBUCKET_ACCOUNT } from '../../account.ts'
import type { Conversation } from './conversation.ts'

/** Makes one real request: lists the workspace's repositories. */
export async function testLogin(
  client: Client,
  token: AccessToken,
  workspace: string,
  conversation: Conversation,
): Promise<void> {
  const { context, say, hint, dialog } = conversation
  const { apiUrl } = client
  if (apiUrl === undefined) return
  const network = readNetwork(apiUrl, context.env, context.trace)
  const reply = await getResource(
    { url: apiUrl, accessToken: token.accessToken, network },
    `2.0/repositories/${workspace}?pagelen=1`,
  )
  if (reply.status === 200) return conclude(reply.message ?? {}, token, workspace, conversation)
  const failure = refusalFailure(reply, { what: `workspace ${workspace}`, workspace, commands: COMMANDS })
  if (dialog === undefined || readRefusal(reply).reason !== 'scope') throw failure
  say(`${failure.message}:`)
  // The last hint is the login, which follows here.
  hint(failure.hints.slice(0, -1))
  await dialog.pause('Press Enter when that is done, to log in once more')
  const again = await logInOnRequest(BITBUCKET_ACCOUNT, context)
  return again === undefined ? undefined : testLogin(client, again, workspace, conversation)
}

const COMMANDS = accountCommands(BITBUCKET_ACCOUNT)

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
      ? `the login works; it sees no repository of ${workspace} yet`
      : `the login works: it sees ${count(message['size'])} of ${workspace}`,
  )
  if (scopes !== undefined && !scopes.split(/[\s,]+/).includes('repository:write')) {
    say('it may clone and fetch, but not push; for that:')
    hint(permissionHints(['repository:write'], workspace, COMMANDS))
  }
  say('git is ready:')
  context.write(`\n  git clone https://bitbucket.org/${workspace}/${name ?? 'REPOSITORY'}.git\n`)
}

/** The name comes from the server, and people copy it into a shell. */
const SLUG = /^[\w.-]+$/

function count(size: unknown): string {
  if (size === 1) return 'one repository'
  return typeof size === 'number' ? `${size} repositories` : 'repositories'
}
