import test, { type ExecutionContext } from 'ava'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Home } from '../helpers/home.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { freePort } from '../helpers/ports.ts'
import { makeUser } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

/**
 * What every command prints, in a file for each state of affairs, to be read by a person. To write them anew, remove them
 * and run this test twice: the first run fails, as it has nothing to compare with.
 */
const OUTPUTS = new URL('outputs/', import.meta.url)

const BITBUCKET = 'https://bitbucket.org'
const PROGRAM = 'git-credential-bitbucket-oauth'

/** From those that only look to those that change. */
const COMMANDS = [
  'status',
  'doctor',
  'configure --dry-run',
  'token --no-refresh --expiry',
  'token',
  'refresh',
  'api repositories/acme/nothing',
  'downloads list acme/widgets',
  'setup acme',
  'login',
  'unconfigure --dry-run',
  'configure',
  'unconfigure',
  'logout',
  'status',
]

type State = { readonly home: Home; readonly sandbox: Sandbox; readonly logIn: () => Promise<void> }

for (const [name, arrange] of [
  ['everything right', async ({ logIn }) => logIn()],
  ['nothing configured', async ({ home }) => writeFileSync(join(home.path, '.gitconfig'), '')],
  [
    'expired',
    async ({ home, logIn }) => {
      await logIn()
      home.expire(BITBUCKET)
    },
  ],
  [
    'offline',
    async ({ home, sandbox, logIn }) => {
      await logIn()
      home.expire(BITBUCKET)
      home.configure({ [`credential.${BITBUCKET}.oauthLoginTimeout`]: '3' })
      await sandbox.stop()
    },
  ],
  [
    'keyring locked',
    async ({ home, logIn }, t) => {
      const daemon = await KeyringDaemon.start(t)
      Object.assign(home.env, daemon.env)
      await logIn()
      home.expire(BITBUCKET)
      daemon.lock()
    },
  ],
  [
    'wrong secret',
    async ({ home, logIn }) => {
      await logIn()
      home.expire(BITBUCKET)
      home.configure({ [`credential.${BITBUCKET}.oauthClientSecret`]: 'wrong' })
    },
  ],
  [
    'wrong callback',
    async ({ home }) => {
      home.configure({
        [`credential.${BITBUCKET}.oauthRedirectURL`]: `http://localhost:${await freePort()}`,
        [`credential.${BITBUCKET}.oauthLoginTimeout`]: '3',
      })
    },
  ],
  [
    'no scope',
    async ({ sandbox, logIn }) => {
      sandbox.oauth.settings.scopes = ['account']
      await logIn()
    },
  ],
] as const satisfies readonly (readonly [string, (state: State, t: ExecutionContext) => Promise<void> | void])[]) {
  test(`what every command prints: ${name}`, async (t) => {
    const { home, sandbox } = await makeUser(t)
    home.configureFor(sandbox, BITBUCKET)
    home.useBrowser('follow.ts')
    const logIn = async (): Promise<void> => {
      const { code, stderr } = await home.run(PROGRAM, ['login'])
      t.is(code, 0, stderr)
    }
    await arrange({ home, sandbox, logIn }, t)

    const printed: string[] = []
    for (const command of COMMANDS) {
      const { code, stdout, stderr } = await home.run(PROGRAM, command.split(' '))
      printed.push(`$ git credential-bitbucket-oauth ${command}\n${stdout}${stderr}[exit code ${code}]\n`)
    }

    compare(t, name, neutral(printed.join('\n'), home, sandbox))
  })
}

/** Without what is another one each time. */
function neutral(text: string, home: Home, sandbox: Sandbox): string {
  const { consumer, secrets } = sandbox.oauth
  let plain = text
  for (const secret of secrets) if (secret.length > 20) plain = plain.replaceAll(secret, 'SECRET')
  return (
    plain
      .replaceAll(home.path, '~')
      .replaceAll(consumer.key, 'KEY')
      .replaceAll(`${consumer.key.slice(0, 4)}...`, 'KEY...')
      .replaceAll(/(state|code_challenge)=[\w-]+/g, '$1=…')
      .replaceAll(/-L \d+:/g, '-L PORT:')
      .replaceAll(/(localhost|127\.0\.0\.1)(:|%3A)\d+/g, '$1$2PORT')
      .replaceAll(/\b1[5-9] minutes|\b1[01]\d minutes/g, '119 minutes')
      // All these commands take more than a minute on a busy machine.
      .replaceAll(/(the login) \d+ minutes? ago/g, '$1 a moment ago')
      .replaceAll(/^\d{10}$/gm, 'SECONDS')
      .replaceAll(/^(ok +git +).*$/gm, '$1VERSION')
  )
}

function compare(t: ExecutionContext, name: string, text: string): void {
  const file = fileURLToPath(new URL(`${name.replaceAll(' ', '-')}.txt`, OUTPUTS))
  if (!existsSync(file)) {
    mkdirSync(OUTPUTS, { recursive: true })
    writeFileSync(file, text)
    t.fail(`there was nothing to compare with; what was printed now is in ${file}: read it`)
  }
  t.is(text, readFileSync(file, 'utf8'))
}
