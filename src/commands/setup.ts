import type { Arguments } from '../arguments.ts'
import { readChoice } from '../errand.ts'
import { Failure } from '../failure.ts'
import { setGlobal, unsetGlobal } from '../git/change.ts'
import { readSettings, type Settings } from '../git/config.ts'
import { PROGRAM } from '../manual.ts'
import { BITBUCKET, type Client } from '../oauth/client.ts'
import { logInAnew, obtainToken } from '../obtain.ts'
import { openPlaces } from '../places.ts'
import type { Surroundings } from '../surroundings.ts'
import { keepClientSecret, secretsPath } from '../tokens/clientSecret.ts'
import { hasRecord } from '../tokens/recordFile.ts'
import type { AccessToken } from '../tokens/token.ts'
import { BITBUCKET_ACCOUNT } from './account.ts'
import { configure } from './configure.ts'
import { findConsumer } from './consumer.ts'
import { prove } from './proof.ts'
import { missing, openStage, type Stage } from './stage.ts'

/**
 * `setup`: the way from nothing to a working git: the consumer, its key and secret, git's configuration, a login, and a
 * look whether all that does what it should. What is right already is left as it is.
 *
 * @throws Failure with what is missing; what was reached stays
 */
export async function setup(args: Arguments, around: Surroundings): Promise<void> {
  const stage = openStage(around)
  const workspace = await readWorkspace(args.text('workspace'), stage)

  stage.head('1. The OAuth consumer')
  const client = await findConsumer(args, workspace, stage)

  stage.head("2. Git's configuration")
  await keep(client, args.text('callback'), stage)
  await configure({ text: () => undefined, list: () => [], has: () => false }, around)

  if (args.has('no-login')) return stage.say('git is ready; the first command that needs a login opens the browser')
  stage.head('3. The login')
  const token = await logIn(stage)

  stage.head('4. The test')
  await prove(client, token, workspace, stage)
}

async function readWorkspace(given: string | undefined, { say, dialog }: Stage): Promise<string> {
  if (given === undefined && dialog === undefined) throw missing('the workspace', `${PROGRAM} setup WORKSPACE`)
  if (given === undefined) {
    say('This sets up git for Bitbucket, in five minutes. Ctrl-C stops it; run it again to go on.')
  }
  for (;;) {
    const text = given ?? (await dialog?.ask('Your workspace, as in https://bitbucket.org/WORKSPACE')) ?? ''
    const name = /^(?:(?:\w+:\/\/)?(?:[^@/]+@)?bitbucket\.org[/:])?([\w-]+)(?:\/.*)?$/.exec(text.trim())?.[1]
    if (name !== undefined) return name
    const problem = 'a workspace is what follows https://bitbucket.org/ in the address of a repository'
    if (given !== undefined) throw new Failure(problem, { code: 'usage', hints: [`${PROGRAM} setup acme`] })
    say(problem)
  }
}

/** The secret goes where logins are kept, and leaves git's own configuration, which people publish. */
async function keep(client: Client, callback: string | undefined, { around, say }: Stage): Promise<void> {
  const { env } = around
  const read = (): Settings => readSettings('credential', BITBUCKET, env)
  const settings = read()
  const places = await openPlaces(around)
  try {
    const place = await keepClientSecret({ ...places, choice: readChoice(settings) }, BITBUCKET_ACCOUNT, client)
    const where =
      place === 'keyring'
        ? "in the system's keyring"
        : `in a file that only you can read: ${secretsPath(places, BITBUCKET_ACCOUNT)}`
    say(`the key is kept in git's configuration, the secret ${where}`)
  } finally {
    places.keyring.close()
  }
  const set = (key: string, value: string): void => {
    if (settings.get(key.toLowerCase()) !== value) setGlobal(`credential.${BITBUCKET}.${key}`, value, env)
  }
  set('oauthClientId', client.clientId)
  if (callback !== undefined) set('oauthRedirectURL', callback)
  if (!settings.has('oauthclientsecret')) return
  unsetGlobal(`credential.${BITBUCKET}.oauthClientSecret`, env)
  say(
    read().has('oauthclientsecret')
      ? "git's configuration still has a secret, which counts more; remove it where this finds it: git config --show-origin --name-only --get-regexp oauthclientsecret"
      : "the secret does not stand in git's configuration any more",
  )
}

/** A login that is kept and works is no reason to ask again. */
async function logIn({ around, say }: Stage): Promise<AccessToken> {
  const isKept = hasRecord(await around.findDataDirectory(), BITBUCKET_ACCOUNT)
  const token = isKept
    ? (await obtainToken(BITBUCKET_ACCOUNT, around, undefined))?.token
    : await logInAnew(BITBUCKET_ACCOUNT, around)
  if (token === undefined) throw new Failure('there is no login')
  if (isKept) say('you are logged in already')
  return token
}
