import { BITBUCKET, consumerPage } from '../../../base/bitbucket.ts'
import { findBrowser } from '../../../base/browser.ts'
import type { Context } from '../../../base/context.ts'
import { Failure, isFailure } from '../../../base/failure.ts'
import { COMMAND } from '../../../base/program.ts'
import { readVariable } from '../../../base/variables.ts'
import { readSettings, type Settings } from '../../../git/config.ts'
import { readNetwork } from '../../../git/network.ts'
import { readAccountSettings } from '../../../login/settings.ts'
import { type Client, DEFAULT_REDIRECT_URI, readClient } from '../../../oauth/client.ts'
import { probeClient, probeRedirectUri, type Verdict } from '../../../oauth/probe.ts'
import { isKeyringTrouble } from '../../../tokens/keyring/keyring.ts'
import { withStorage } from '../../../tokens/storage.ts'
import { BITBUCKET_ACCOUNT } from '../../account.ts'
import { type Arguments, usageFailure } from '../../arguments.ts'
import { mask } from '../../checks/consumer.ts'
import { consumerFailure } from '../../consumerFailure.ts'
import { type Conversation, missingFailure } from './conversation.ts'
import { findSharedKey } from './shared.ts'

/** Not everybody finds Bitbucket's page at the first try. After these tries, more of them would not help. */
const MOST_TRIES = 5

type Key = { readonly clientId: string; readonly clientSecret: string }

/** The consumer that was given, else the one that is configured, else one that is asked for; the server knows it. */
export async function findConsumer(
  args: Arguments,
  workspace: string | undefined,
  conversation: Conversation,
): Promise<Client> {
  const { context, say, hint, dialog } = conversation
  const settings = readOwnSettings(args.text('callback'), context)
  let client = await readGiven(args, settings, conversation)
  const shared = workspace === undefined ? findSharedKey(context.env) : undefined
  if (client === undefined && shared === undefined) explainPage(workspace, readCallback(settings), conversation)
  if (client === undefined && shared !== undefined) {
    say(
      `The key ${mask(shared)} is configured for this machine. Its secret is all that is missing: ask those who made the consumer.`,
    )
  }
  for (let tries = 1; ; tries++) {
    client ??= makeClient(
      shared === undefined
        ? await askForKey(workspace, conversation, tries === 1, args.text('key'))
        : { clientId: shared, clientSecret: await askForSecret(conversation) },
      settings,
      context,
    )
    const { known, verdict, failure } = await examine(client, workspace, conversation)
    if (known !== client) say('key and secret were the wrong way round; that is put right')
    if (failure === undefined) {
      say(`${known.tokenEndpoint.host} knows this key and secret`)
      return known
    }
    if (dialog === undefined || tries === MOST_TRIES) throw failure
    say(`${failure.message}:`)
    hint(failure.hints)
    client = verdict === 'refused' ? undefined : known
    if (verdict === 'unclear') await dialog.pause('Press Enter to try again')
    else if (verdict !== 'refused') await dialog.pause('Press Enter when that is done')
  }
}

function readOwnSettings(callback: string | undefined, { env }: Context): Settings {
  const settings = readSettings('credential', BITBUCKET, env)
  if (callback === undefined) return settings
  const changed = new Map([...settings, ['oauthredirecturl', callback]])
  try {
    makeClient({ clientId: 'any', clientSecret: 'any' }, changed, { env })
  } catch (error) {
    if (!isFailure(error)) throw error
    const message = '--callback has to be an http URL on this machine, without a fragment'
    throw new Failure(message, { code: 'usage', hints: error.hints, cause: error })
  }
  return changed
}

function readCallback(settings: Settings): string {
  return settings.get('oauthredirecturl') ?? DEFAULT_REDIRECT_URI
}

async function readGiven(
  args: Arguments,
  settings: Settings,
  { context, dialog }: Conversation,
): Promise<Client | undefined> {
  const { env } = context
  // On a terminal, the secret is asked for, and not shown.
  const isPiped = args.has('secret-stdin') && dialog === undefined
  if (isPiped && context.streams.stdin.isTTY) {
    const hint = `send it through a pipe or from a file: ${COMMAND} setup --key KEY --secret-stdin < FILE`
    throw usageFailure('the secret would be shown while it is typed', hint)
  }
  const present = await readPresent(context)
  const clientId = args.text('key') ?? present?.clientId ?? readVariable(env, 'CLIENT_ID') ?? findSharedKey(env)
  const piped = isPiped ? context.read().split('\n')[0]?.trim() : undefined
  if (isPiped && !piped) throw missingFailure('the secret on stdin', `${COMMAND} setup --key KEY --secret-stdin < FILE`)
  const kept = present?.clientId === clientId ? present?.clientSecret : undefined
  const clientSecret = piped ?? readVariable(env, 'CLIENT_SECRET') ?? kept
  return clientId && clientSecret ? makeClient({ clientId, clientSecret }, settings, context) : undefined
}

async function readPresent(context: Context): Promise<Client | undefined> {
  try {
    return await withStorage(
      context,
      async (storage) => (await readAccountSettings(BITBUCKET_ACCOUNT, storage, context))?.client,
    )
  } catch (error) {
    // A keyring that is locked may hold one. When this one is stored, the keyring is asked again.
    if (!isFailure(error) || !(error.code === 'not_configured' || isKeyringTrouble(error))) throw error
    return undefined
  }
}

/** As if the key and secret stood in the environment, which counts more than all else. */
function makeClient({ clientId, clientSecret }: Key, settings: Settings, { env }: Pick<Context, 'env'>): Client {
  return readClient(BITBUCKET, settings, {
    ...env,
    GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID: clientId,
    GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET: clientSecret,
  })
}

function explainPage(workspace: string | undefined, callback: string, { context, say }: Conversation): void {
  say(
    'Bitbucket wants to know which program asks for a login: that is what an OAuth consumer is for. One is enough for a workspace, and an administrator makes it. If there is one already, take its key and secret. Else choose "Add consumer" on this page, and fill in:',
  )
  context.write(`
  ${consumerPage(workspace)}

  Name                        git credential helper
  Callback URL                ${callback}
                              (the browser comes back there)
  This is a private consumer  ticked (it keeps a secret)
  Permissions, Repositories   Read   to clone and fetch
                              Write  to push
  Permissions, Account        Read   if you like: to see who
                                     is logged in

`)
  say('Save it. A click on its name then shows its key and its secret.')
}

/** @param given the key of the command line: the first time, it is not asked for */
async function askForKey(
  workspace: string | undefined,
  { context, say, dialog }: Conversation,
  isFirst: boolean,
  given: string | undefined,
): Promise<Key> {
  if (dialog === undefined) {
    throw missingFailure(
      "the consumer's key or secret",
      `${COMMAND} setup ${workspace ?? 'WORKSPACE'} --key KEY --secret-stdin < FILE`,
      'or set GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID and GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET',
    )
  }
  const browser = isFirst ? findBrowser(context.env) : undefined
  if (browser !== undefined) {
    await dialog.pause('Press Enter to open that page in the browser')
    await browser(new URL(consumerPage(workspace))).catch(() => say('the browser did not start; open the page by hand'))
  }
  for (;;) {
    const clientId = (isFirst ? given : undefined) ?? (await dialog.ask('Key'))
    const clientSecret = (await dialog.askSecret('Secret (it is not shown)')).trim()
    if (clientId !== clientSecret) return { clientId, clientSecret }
    say('these two are the same; Bitbucket shows a key and, below it, a secret')
  }
}

/** For a key that others have configured. */
async function askForSecret({ dialog }: Conversation): Promise<string> {
  if (dialog === undefined)
    throw missingFailure("the consumer's key or secret", `${COMMAND} setup --secret-stdin < FILE`)
  return dialog.askSecret('Secret (it is not shown)')
}

type Examined = { readonly known: Client; readonly verdict: Verdict; readonly failure: Failure | undefined }

/** Whether the server knows the consumer as it was typed, or the other way round, and would let the browser come back. */
async function examine(
  client: Client,
  workspace: string | undefined,
  { context, dialog }: Conversation,
): Promise<Examined> {
  const network = readNetwork(client.tokenEndpoint, context.env, context.trace)
  const asTyped = await probeClient(client, network)
  const swapped = { ...client, clientId: client.clientSecret, clientSecret: client.clientId }
  const otherWay = asTyped.verdict === 'refused' ? await probeClient(swapped, network) : asTyped
  const isSwapped = otherWay !== asTyped && !['refused', 'unclear'].includes(otherWay.verdict)
  const [known, probe] = isSwapped ? [swapped, otherWay] : [client, asTyped]
  const verdict = probe.verdict === 'good' ? await probeRedirectUri(known, network) : probe.verdict
  const command = `${COMMAND} setup${workspace === undefined ? '' : ` ${workspace}`}`
  const failure = consumerFailure({ ...probe, verdict }, known, {
    workspace,
    giveAnew: dialog === undefined ? [`then: ${command} --key KEY --secret-stdin < FILE`] : [],
    keepCallback: `or keep it: ${command} --callback URL`,
  })
  return { known, verdict, failure }
}
