import { BITBUCKET } from '../../base/bitbucket.ts'
import type { Context } from '../../base/context.ts'
import { Failure, isFailure } from '../../base/failure.ts'
import { COMMAND } from '../../base/program.ts'
import { holdSignals } from '../../base/signals.ts'
import { changeConfig } from '../../git/change.ts'
import { listEntries, readSettings } from '../../git/config.ts'
import { editConfigFile } from '../../git/edit.ts'
import { findConfigFile } from '../../git/scope.ts'
import { logInOnRequest, refreshNow } from '../../login/obtain.ts'
import { readStoreChoice } from '../../login/settings.ts'
import { type Client, DEFAULT_REDIRECT_URI, readClient, readGrant } from '../../oauth/client.ts'
import type { AccessToken } from '../../tokens/accessToken.ts'
import { keepClientSecret, secretsPath } from '../../tokens/clientSecret.ts'
import { readUser } from '../../tokens/notes.ts'
import { hasRecord } from '../../tokens/recordFile.ts'
import { withStorage } from '../../tokens/storage.ts'
import { BITBUCKET_ACCOUNT, requireKnown } from '../account.ts'
import { type Arguments, usageFailure } from '../arguments.ts'
import { configure } from './configure.ts'
import { findConsumer } from './setup/consumer.ts'
import { findSharedHelper, findSharedKey } from './setup/shared.ts'
import { type Conversation, missingFailure, openConversation } from './setup/conversation.ts'
import { testLogin } from './setup/testLogin.ts'

/**
 * `setup`: from nothing to a working git, in steps: the consumer with its key and secret, git's configuration, the login,
 * and a test. What is right already stays as it is.
 *
 * @throws Failure with what is missing; finished steps stay
 */
export async function setup(args: Arguments, context: Context): Promise<void> {
  const conversation = openConversation(context)
  const { env } = context
  // Who is given a key by others need not know whose it is.
  const isShared = findSharedKey(env) !== undefined && args.text('workspace') === undefined
  const workspace = isShared ? undefined : await readWorkspace(args.text('workspace'), conversation)

  conversation.head('1. The OAuth consumer')
  const client = await findConsumer(args, workspace, conversation)

  conversation.head("2. Git's configuration")
  await keepConsumer(client, conversation)
  const shared = findSharedHelper(env)
  if (shared === undefined) await configure({ text: () => undefined, list: () => [], has: () => false }, context)
  else conversation.say(`git asks this program already: ${shared}`)

  if (args.has('no-login'))
    return conversation.say('git is ready; the first command that needs a login opens the browser')
  conversation.head('3. The login')
  const token = await logIn(conversation)

  if (workspace === undefined) return conversation.say('git is ready')
  conversation.head('4. The test')
  await testLogin(client, token, workspace, conversation)
}

async function readWorkspace(given: string | undefined, { say, dialog }: Conversation): Promise<string> {
  if (given === undefined && dialog === undefined) throw missingFailure('the workspace', `${COMMAND} setup WORKSPACE`)
  if (given === undefined) {
    say('This sets up git for Bitbucket, in five minutes. Ctrl-C stops it; run it again to go on.')
  }
  for (;;) {
    const text = given ?? (await dialog?.ask('Your workspace, as in https://bitbucket.org/WORKSPACE')) ?? ''
    const name = /^(?:(?:\w+:\/\/)?(?:[^@/]+@)?bitbucket\.org[/:])?([\w-]+)(?:\/.*)?$/.exec(text.trim())?.[1]
    if (name !== undefined) return name
    const problem = 'a workspace is what follows https://bitbucket.org/ in the address of a repository'
    if (given !== undefined) throw usageFailure(problem, `${COMMAND} setup acme`)
    say(problem)
  }
}

/** The secret goes where logins are kept. It leaves git's configuration, which people publish. */
async function keepConsumer(client: Client, { context, say, hint }: Conversation): Promise<void> {
  return withStorage(context, async (storage) => {
    const settings = readSettings('credential', BITBUCKET, context.env)
    const choice = readStoreChoice(settings, readGrant(BITBUCKET, settings, context.env))
    const place = await keepClientSecret({ ...storage, choice }, BITBUCKET_ACCOUNT, client)
    const hadSecret = await holdSignals(async () => writeConsumer(client, context.env))
    const where =
      place === 'keyring'
        ? "in the system's keyring"
        : `in a file that only you can read: ${secretsPath(storage, BITBUCKET_ACCOUNT)}`
    say(`the key is kept in git's configuration, the secret ${where}`)
    if (readSettings('credential', BITBUCKET, context.env).has('oauthclientsecret')) {
      say("git's configuration still has a secret, in a file that setup leaves alone; to find it, and remove it there:")
      hint(['git config --show-origin --name-only --get-regexp oauthclientsecret'])
    } else if (hadSecret) say("the secret is no longer in git's configuration")
  })
}

/** Writes the consumer into git's configuration, unless it would not be used; tells whether the secret was there. */
function writeConsumer(client: Client, env: NodeJS.ProcessEnv): boolean {
  let hadSecret = false
  editConfigFile(findConfigFile('global', env), (draft) => {
    const present = new Map(listEntries(draft, env))
    const set = (name: string, value: string): void => {
      if (present.get(key(name).toLowerCase()) !== value) changeConfig(draft, ['--replace-all', key(name), value], env)
    }
    hadSecret = present.has(key('oauthclientsecret'))
    if (findSharedKey(env) !== client.clientId) set('oauthClientId', client.clientId)
    if (client.redirectUri !== DEFAULT_REDIRECT_URI) set('oauthRedirectURL', client.redirectUri)
    if (hadSecret) changeConfig(draft, ['--unset-all', key('oauthClientSecret')], env)
    const settings = readSettings('credential', BITBUCKET, { ...env, GIT_CONFIG_GLOBAL: draft })
    assertConsumerIsUsed(client, readClient(BITBUCKET, settings, env, client.clientSecret), env)
  })
  // The draft does not show one place: a second file of the user's, which git reads before this one.
  const settings = readSettings('credential', BITBUCKET, env)
  assertConsumerIsUsed(client, readClient(BITBUCKET, settings, env, client.clientSecret), env)
  return hadSecret
}

function key(name: string): string {
  return `credential.${BITBUCKET}.${name}`
}

/** A login that is made with one consumer cannot be refreshed with another. */
function assertConsumerIsUsed(client: Client, used: Client, env: NodeJS.ProcessEnv): void {
  const fields = ['clientId', 'clientSecret', 'redirectUri'] as const
  if (fields.every((field) => used[field] === client[field])) return
  const variables = Object.keys(env).filter((name) => name.startsWith('GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_'))
  throw new Failure('other settings count more than these, so another consumer would be used', {
    code: 'not_configured',
    hints: [
      ...variables.map((name) => `${name} is set in the environment: unset it`),
      "remove what this shows, where it stands: git config --show-origin --name-only --get-regexp '^credential\\..*oauth(client|redirect)'",
      'then run setup once more',
    ],
  })
}

/** A login that can be renewed with this consumer need not be made again. */
async function logIn({ context, say }: Conversation): Promise<AccessToken> {
  if (hasRecord(await context.findDataDirectory(), BITBUCKET_ACCOUNT)) {
    try {
      const renewed = await refreshNow(BITBUCKET_ACCOUNT, context)
      if (renewed !== undefined) {
        const user = readUser(await context.findDataDirectory(), BITBUCKET_ACCOUNT)
        say(`you are logged in already${user === undefined ? '' : ` as ${user}`}`)
        return renewed
      }
    } catch (error) {
      if (!isFailure(error) || error.code !== 'login_required') throw error
      say(error.message)
    }
  }
  return requireKnown(BITBUCKET_ACCOUNT, await logInOnRequest(BITBUCKET_ACCOUNT, context))
}
