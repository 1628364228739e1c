import { Ajv, type ValidateFunction } from 'ajv'
import test, { type ExecutionContext } from 'ava'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../helpers/home.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { makeUser } from '../helpers/user.ts'

const PROGRAM = 'git-credential-bitbucket-oauth'
const BITBUCKET = 'https://bitbucket.org'
const COMMANDS = ['status', 'doctor'] as const

/** The schemas that are documented, held to the letter. */
const SCHEMAS = { status: compile('status'), doctor: compile('doctor') }

type State = { readonly home: Home; readonly logIn: (...args: readonly string[]) => Promise<void> }

for (const [name, arrange, exitCodes] of [
  ['everything right', ({ logIn }) => logIn(), [0, 0]],
  ['nothing configured', ({ home }) => writeFileSync(join(home.path, '.gitconfig'), ''), [3, 3]],
  [
    'a configuration that git cannot read',
    async ({ home, logIn }) => {
      await logIn()
      writeFileSync(join(home.path, '.gitconfig'), '[credential')
    },
    [1, 1],
  ],
  ['no login', () => {}, [4, 4]],
  [
    'expired',
    async ({ home, logIn }) => {
      await logIn()
      home.expire(BITBUCKET)
    },
    [0, 0],
  ],
  [
    'a keyring with all in it',
    async ({ home, logIn }, t) => {
      Object.assign(home.env, (await KeyringDaemon.start(t)).env)
      home.configure({ [`credential.${BITBUCKET}.oauthStore`]: 'keyring' })
      await logIn()
    },
    [0, 0],
  ],
  [
    'two accounts',
    async ({ logIn }) => {
      await logIn()
      await logIn('--username', 'alice')
    },
    [0, 0],
  ],
  [
    'faults',
    async ({ home, logIn }) => {
      await logIn()
      chmodSync(home.recordPath(home.data, BITBUCKET), 0o644)
      home.configure({ [`credential.${BITBUCKET}.oauthClientSecret`]: 'wrong', 'http.extraHeader': 'Authorization: x' })
    },
    [1, 1],
  ],
] as const satisfies readonly (readonly [
  string,
  (state: State, t: ExecutionContext) => Promise<void> | void,
  readonly [number, number],
])[]) {
  test(`--json is one document as its schema has it, and nothing else: ${name}`, async (t) => {
    const { home, sandbox } = await makeUser(t)
    home.configureFor(sandbox, BITBUCKET)
    home.useBrowser('follow.ts')
    const logIn = async (...args: readonly string[]): Promise<void> => {
      const { code, stderr } = await home.run(PROGRAM, ['login', ...args])
      t.is(code, 0, stderr)
    }
    await arrange({ home, logIn }, t)

    for (const [index, command] of COMMANDS.entries()) {
      const forPeople = await home.run(PROGRAM, [command])
      const { code, stdout, stderr } = await home.run(PROGRAM, [command, '--json'])

      t.deepEqual([forPeople.code, code], [exitCodes[index], exitCodes[index]] as number[])
      t.is(stderr, '')
      const document: unknown = JSON.parse(stdout)
      t.is(stdout, `${JSON.stringify(document, undefined, 2)}\n`)
      t.deepEqual(errorsIn(document, SCHEMAS[command]), [])
    }
  })
}

test('status --json has both accounts, each with its own URL and file', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.configureFor(sandbox, BITBUCKET)
  home.useBrowser('follow.ts')
  for (const args of [[], ['--username', 'alice']]) t.is((await home.run(PROGRAM, ['login', ...args])).code, 0)

  const { stdout } = await home.run(PROGRAM, ['status', '--json'])

  const { accounts } = JSON.parse(stdout) as { accounts: { url: string; login: { path: string } }[] }
  t.deepEqual(
    accounts.map(({ url, login }) => [url, login.path]),
    [BITBUCKET, 'https://alice@bitbucket.org'].map((url) => [url, home.recordPath(home.data, url)]),
  )
})

const FINDING = { check: 'git', level: 'good', text: '2.47.3', cures: [] }
const ACCOUNT = {
  account: 'bitbucket.org',
  url: BITBUCKET,
  login: { store: 'file', path: '/home/alice/login.json' },
  accessToken: { state: 'valid', expiresAt: 1_800_000_000, scopes: ['repository'] },
}
const DOCUMENTS = {
  status: { version: 1, accounts: [ACCOUNT], findings: [FINDING] },
  doctor: { version: 1, host: 'bitbucket.org', findings: [FINDING] },
}

for (const command of COMMANDS) {
  test(`the schema of ${command} refuses what is not so`, (t) => {
    const document = DOCUMENTS[command]
    const withFinding = (change: object): object => ({ ...document, findings: [{ ...FINDING, ...change }] })
    const { version: _, ...withoutVersion } = document

    t.deepEqual(errorsIn(document, SCHEMAS[command]), [])
    for (const mutant of [
      [],
      withoutVersion,
      { ...document, version: 2 },
      { ...document, findings: [] },
      { ...document, more: true },
      withFinding({ level: 'error' }),
      withFinding({ level: 'fault' }),
      withFinding({ cures: 'git credential-bitbucket-oauth login' }),
      withFinding({ cures: [''] }),
      withFinding({ text: undefined }),
      withFinding({ exitCode: 1 }),
      withFinding({ accessToken: 'secret' }),
    ]) {
      t.not(errorsIn(JSON.parse(JSON.stringify(mutant)), SCHEMAS[command]).length, 0, JSON.stringify(mutant))
    }
  })
}

test('the schema of status refuses an account that is not so', (t) => {
  for (const change of [
    { url: 'bitbucket.org' },
    { login: { store: 'elsewhere' } },
    { login: { store: 'file', refreshToken: 'secret' } },
    { accessToken: { state: 'valid' } },
    { accessToken: { state: 'none', expiresAt: 1_800_000_000 } },
    { accessToken: { state: 'valid', expiresAt: 1_800_000_000.5 } },
    { accessToken: { state: 'valid', expiresAt: 1_800_000_000, scopes: 'repository' } },
  ]) {
    const mutant = { ...DOCUMENTS.status, accounts: [{ ...ACCOUNT, ...change }] }
    t.not(errorsIn(mutant, SCHEMAS.status).length, 0, JSON.stringify(change))
  }
})

function compile(command: string): ValidateFunction {
  const schema = JSON.parse(
    readFileSync(new URL(`../../docs/${command}.schema.json`, import.meta.url), 'utf8'),
  ) as object
  return new Ajv({ strict: true, allErrors: true, formats: { uri: (text) => URL.canParse(text) } }).compile(schema)
}

/** Each as where it is and what is wrong there. */
function errorsIn(document: unknown, validate: ValidateFunction): string[] {
  validate(document)
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`)
}
