import test, { type ExecutionContext } from 'ava'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInBitbucketNetwork } from '../helpers/bitbucketNetwork.ts'
import { Home, type Outcome } from '../helpers/home.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { freePort } from '../helpers/ports.ts'
import type { SetupRun } from '../helpers/setupRun.ts'
import { takeTurn } from '../helpers/takeTurn.ts'
import { Terminal } from '../helpers/terminal.ts'
import { parseAnswer, requestFor } from '../helpers/user.ts'
import { Sandbox } from '../sandbox/sandbox.ts'

const NAME = 'git-credential-bitbucket-oauth'
const BITBUCKET = 'https://bitbucket.org'
const SETUP = ['git', 'credential-bitbucket-oauth', 'setup']
const READY = /git is ready:\s+git clone https:\/\/bitbucket\.org\/acme\/widgets\.git/

/** For a machine that has other things to do. Milliseconds. */
const PATIENCE = 60_000

const KEY_QUESTION = '? Key'
const SECRET_QUESTION = '? Secret'
const PAGE_QUESTION = '? Press Enter to open that page in the browser'
const DONE_QUESTION = '? Press Enter when that is done'

type User = { readonly home: Home; readonly sandbox: Sandbox; readonly file: string }

/** Somebody who has installed this program and done nothing else; Bitbucket's endpoints are the sandbox's. */
async function makeNewcomer(t: ExecutionContext, { typesSecretOpenly = false } = {}): Promise<User> {
  const sandbox = await Sandbox.start(`http://localhost:${await freePort()}`)
  const home = new Home()
  home.pointTo(sandbox, BITBUCKET)
  home.useBrowser('follow.ts')
  t.teardown(async () => {
    await sandbox.stop()
    const secrets = new Set(sandbox.oauth.secrets)
    if (typesSecretOpenly) secrets.delete(sandbox.oauth.consumer.secret)
    const leaks = home.findLeaks(secrets)
    await home.remove()
    if (leaks.length > 0) throw new Error(`secrets leaked to ${leaks.join(', ')}`)
  })
  return { home, sandbox, file: join(home.path, '.gitconfig') }
}

function testInTurn(title: string, run: (t: ExecutionContext) => Promise<void>): void {
  test(title, async (t) => {
    await takeTurn(t)
    await run(t)
  })
}

type Step = readonly [question: string | RegExp, answer: (user: User) => string | void]

/** Answers what is asked, each as soon as it is. */
async function answer(terminal: Terminal, user: User, steps: readonly Step[]): Promise<void> {
  for (const [question, respond] of steps) {
    await terminal.waitFor(question, { within: PATIENCE })
    terminal.type(`${respond(user) ?? ''}\r`)
  }
}

const key = ({ sandbox }: User): string => sandbox.oauth.consumer.key
const secret = ({ sandbox }: User): string => sandbox.oauth.consumer.secret
const enter = (): void => {}

const USUAL: readonly Step[] = [
  [PAGE_QUESTION, enter],
  [KEY_QUESTION, key],
  [SECRET_QUESTION, secret],
]

function setup(user: User, args: readonly string[], input?: string): Promise<Outcome> {
  return user.home.run(NAME, ['setup', ...args], input === undefined ? {} : { input })
}

/** Asserts that all is kept as it should be: git is answered, also once the access token has ended. */
async function assertReady(t: ExecutionContext, { home, sandbox, file }: User): Promise<void> {
  const { consumer, tokenRequests } = sandbox.oauth
  const configuration = readFileSync(file, 'utf8')
  t.false(configuration.includes(consumer.secret), 'the secret is not in ~/.gitconfig')
  t.is((await home.git('config', `credential.${BITBUCKET}.oauthClientId`)).stdout, `${consumer.key}\n`)
  t.regex(configuration, /\thelper = \n\thelper = bitbucket-oauth\n/)
  home.forbidBrowser()
  const first = await home.helper('get', requestFor(BITBUCKET))
  t.like(first, { code: 0, stderr: '' })
  tokenRequests.length = 0
  home.expire(BITBUCKET)
  const second = await home.helper('get', requestFor(BITBUCKET))
  t.like(second, { code: 0, stderr: '' })
  t.not(parseAnswer(second.stdout)['password'], parseAnswer(first.stdout)['password'])
  t.deepEqual(tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
}

test.serial('from nothing to a pushed commit on bitbucket.org, in a terminal and a browser', async (t) => {
  const program = fileURLToPath(new URL('../helpers/setupRun.ts', import.meta.url))

  const outcome = await runInBitbucketNetwork([process.execPath, '--import=./scripts/typescript/register.js', program])

  t.is(outcome.code, 0, outcome.stderr)
  const { commands, configurations, consumer, ...run } = JSON.parse(outcome.stdout) as SetupRun
  t.deepEqual(
    commands.map(({ exitCode }) => exitCode),
    commands.map(() => 0),
  )
  const [first, second] = commands.filter(({ line }) => line.includes('setup'))
  t.regex(first?.screen ?? '', new RegExp(`${READY.source}$`))
  t.true(first?.screen.includes(`Callback URL                ${consumer.callback}\n`))
  t.is(run.stars, consumer.secret.length)
  t.false(run.printed.includes(consumer.secret))
  t.deepEqual(consumer.scopes, ['repository', 'repository:write'])
  const [page, login, ...others] = run.openedUrls
  t.is(page, 'https://bitbucket.org/acme/workspace/settings/api')
  t.regex(login ?? '', /^http:\/\/localhost:8976\/login\/[\da-f]{32}$/)
  t.deepEqual(others, [])
  t.is(run.page.title, 'Logged in to bitbucket.org')
  t.deepEqual(run.commits, ['Add news', 'begin widgets'])
  t.deepEqual(run.settings, [
    `credential.https://bitbucket.org.oauthclientid ${consumer.key}`,
    'credential.https://bitbucket.org.helper ',
    'credential.https://bitbucket.org.helper bitbucket-oauth',
  ])
  const [before = '', after = '', afterwards] = configurations
  t.true(after.startsWith(before))
  t.false(after.includes(consumer.secret))
  t.is(afterwards, after, 'a second setup changes nothing')
  t.notRegex(second?.screen ?? '', /[?✔] /u, 'a second setup asks nothing')
  t.regex(second?.screen ?? '', new RegExp(`you are logged in already[^]*${READY.source}$`))
  t.deepEqual(
    run.tokenRequests.filter(({ status }) => status === 200).map(({ grantType }) => grantType),
    ['authorization_code', 'refresh_token'],
    'the second setup finds out whether the login can be renewed',
  )
  t.deepEqual(run.leaks, [])
})

type Conversation = {
  readonly title: string
  readonly args?: readonly string[]
  readonly arrange?: (user: User) => void
  readonly steps: readonly Step[]
  /** What else is said; otherwise nothing is wrong. */
  readonly told?: RegExp
  readonly typesSecretOpenly?: boolean
}

const CONVERSATIONS: readonly Conversation[] = [
  { title: 'everything right at once', steps: USUAL },
  {
    title: 'blanks around the key and the secret',
    steps: [
      [PAGE_QUESTION, enter],
      [KEY_QUESTION, (user) => `  ${key(user)} `],
      [SECRET_QUESTION, (user) => ` ${secret(user)}  `],
    ],
  },
  {
    title: 'nothing typed, then what is asked for',
    steps: [
      [PAGE_QUESTION, enter],
      [KEY_QUESTION, enter],
      ['> nothing was typed', key],
      [SECRET_QUESTION, enter],
      ['> nothing was typed', secret],
    ],
  },
  {
    title: 'key and secret the wrong way round',
    typesSecretOpenly: true,
    steps: [
      [PAGE_QUESTION, enter],
      [KEY_QUESTION, secret],
      [SECRET_QUESTION, key],
    ],
    told: /key and secret were the wrong way round; that is put right\n127\.0\.0\.1:\d+ knows this key and secret/,
  },
  {
    title: 'the key twice',
    steps: [
      [PAGE_QUESTION, enter],
      [KEY_QUESTION, key],
      [SECRET_QUESTION, key],
      [KEY_QUESTION, key],
      [SECRET_QUESTION, secret],
    ],
    told: /these two are the same; Bitbucket shows a key and, below it, a secret/,
  },
  {
    title: 'a wrong secret, then the right one',
    steps: [
      [PAGE_QUESTION, enter],
      [KEY_QUESTION, key],
      [SECRET_QUESTION, () => 'wrong'],
      [KEY_QUESTION, key],
      [SECRET_QUESTION, secret],
    ],
    told: /127\.0\.0\.1:\d+ refuses the consumer's key and secret:\n {2}copy both once more from https:/,
  },
  {
    title: 'a consumer without callback URL, which then gets one',
    arrange: ({ sandbox }) => {
      sandbox.oauth.settings.callback = 'empty'
    },
    steps: [
      ...USUAL,
      [
        DONE_QUESTION,
        ({ sandbox }) => {
          sandbox.oauth.settings.callback = 'set'
        },
      ],
    ],
    told: /the consumer has no callback URL:\n {2}edit the consumer on https:[^]*set\s+the\s+callback\s+URL\s+to\s+http:\/\/localhost:\d+, and\s+save\n/,
  },
  {
    title: 'a consumer with another callback URL, which is then changed',
    arrange: ({ sandbox }) => {
      sandbox.oauth.consumer.callback = 'http://localhost:9/other'
    },
    steps: [
      ...USUAL,
      [
        DONE_QUESTION,
        ({ home, sandbox }) => {
          const [, callback = ''] =
            /oauthRedirectURL = "(.*)"/.exec(readFileSync(join(home.path, '.gitconfig'), 'utf8')) ?? []
          sandbox.oauth.consumer.callback = callback
        },
      ],
    ],
    told: /the consumer's callback URL is not http:\/\/localhost:\d+:\n {2}edit the consumer on https:/,
  },
  {
    title: 'a server that is out of order for a while',
    arrange: ({ sandbox }) => {
      sandbox.oauth.settings.fault = { status: 503, type: 'text/plain', body: 'later' }
    },
    steps: [
      ...USUAL,
      [
        '? Press Enter to try again',
        ({ sandbox }) => {
          sandbox.oauth.settings.fault = undefined
        },
      ],
    ],
    told: /127\.0\.0\.1:\d+ gave no usable answer \(HTTP 503\):\n {2}try again in a while\n/,
  },
  {
    title: 'a permission that was not ticked, and then is',
    arrange: ({ sandbox }) => {
      sandbox.oauth.settings.scopes = ['account']
    },
    steps: [
      ...USUAL,
      [
        '? Press Enter when that is done, to log in once more',
        ({ sandbox }) => {
          sandbox.oauth.settings.scopes = ['repository', 'repository:write']
        },
      ],
    ],
    told: /the consumer lacks a permission: Repositories: Read:\n {2}edit the consumer on https:/,
  },
  {
    title: 'the key as an option, and the secret on a stdin that is the terminal',
    args: ['acme', '--key', 'KEY', '--secret-stdin'],
    steps: [
      [PAGE_QUESTION, enter],
      [SECRET_QUESTION, secret],
    ],
  },
  {
    title: 'a workspace that is none, then one by the URL of a repository',
    args: [],
    steps: [
      ['? Your workspace', () => 'https://example.com/acme'],
      [
        /a workspace is what follows https:\/\/bitbucket\.org\/ in the address of a\s+repository\n\? Your/,
        () => 'https://alice@bitbucket.org/acme/widgets.git',
      ],
      ...USUAL,
    ],
  },
]

for (const { title, args = ['acme'], arrange, steps, told, typesSecretOpenly = false } of CONVERSATIONS) {
  testInTurn(`asked step by step: ${title}`, async (t) => {
    const user = await makeNewcomer(t, { typesSecretOpenly })
    arrange?.(user)

    const terminal = Terminal.open(t, user.home, [...SETUP, ...args.map((word) => (word === 'KEY' ? key(user) : word))])
    await answer(terminal, user, steps)

    t.is(await terminal.ended, 0, terminal.screen())
    t.regex(terminal.text(), new RegExp(`${READY.source}$`))
    if (told === undefined) t.notRegex(terminal.text(), /refuse|wrong|lack|callback URL is/)
    else t.regex(terminal.text(), told)
    await assertReady(t, user)
  })
}

for (const source of [
  'acme',
  'git@bitbucket.org:acme/widgets.git',
  'ssh://git@bitbucket.org/acme/widgets.git',
  'https://bitbucket.org/acme',
]) {
  testInTurn(`the workspace may be given as ${source}`, async (t) => {
    const user = await makeNewcomer(t)

    const { code, stdout, stderr } = await setup(
      user,
      [source, '--key', key(user), '--secret-stdin'],
      `${secret(user)}\n`,
    )

    t.is(code, 0, stderr)
    t.regex(stdout, READY)
  })
}

const CALLBACK_GONE = ({ sandbox }: User): void => {
  sandbox.oauth.settings.callback = 'empty'
}

for (const [title, question, steps, arrange = () => {}, isConfigured = false] of [
  ['the workspace is asked for', '? Your workspace', []],
  ['the page is offered', PAGE_QUESTION, [['? Your workspace', () => 'acme']]],
  ['the key is asked for', KEY_QUESTION, [['? Your workspace', () => 'acme'], ...USUAL.slice(0, 1)]],
  ['the secret is asked for', SECRET_QUESTION, [['? Your workspace', () => 'acme'], ...USUAL.slice(0, 2)]],
  ['the consumer is being edited', DONE_QUESTION, [['? Your workspace', () => 'acme'], ...USUAL], CALLBACK_GONE],
  [
    'the browser is waited for',
    /to log in, use the browser/,
    [['? Your workspace', () => 'acme'], ...USUAL],
    ({ home }: User) => home.useAbsentUser(),
    true,
  ],
  [
    'a permission is being ticked',
    DONE_QUESTION,
    [['? Your workspace', () => 'acme'], ...USUAL],
    ({ sandbox }: User) => {
      sandbox.oauth.settings.scopes = ['account']
    },
    true,
  ],
] as const satisfies readonly (readonly [
  string,
  string | RegExp,
  readonly Step[],
  ((user: User) => void)?,
  boolean?,
])[]) {
  testInTurn(`Ctrl-C while ${title}: exit code 130, nothing half-done, and the terminal as it was`, async (t) => {
    const user = await makeNewcomer(t)
    const { home, file } = user
    const before = readFileSync(file, 'utf8')
    arrange(user)

    // A signal reaches the shell as well.
    const terminal = Terminal.open(t, home, ['sh', '-c', `trap : INT; ${SETUP.join(' ')}; echo "[$?]"; stty -a`])
    await answer(terminal, user, steps)
    await terminal.waitFor(question, { within: PATIENCE })
    terminal.press('ctrl-c')
    await terminal.ended

    t.regex(terminal.text(), /^(\^C)?\[130\]$/m)
    t.regex(terminal.text(), / icanon .* echo /)
    t.true(terminal.hasCursor)
    if (isConfigured) {
      t.true(readFileSync(file, 'utf8').includes(`oauthClientId = ${key(user)}\n`))
      return
    }
    t.regex(terminal.text(), /: interrupted\nhint: to go on where you left off, run the command again\n/)
    t.is(readFileSync(file, 'utf8'), before)
    t.deepEqual(home.files(home.data), [])
  })
}

testInTurn('after Ctrl-C in the browser, setup goes on without asking', async (t) => {
  const user = await makeNewcomer(t)
  user.home.useAbsentUser()
  const first = Terminal.open(t, user.home, [...SETUP, 'acme'])
  await answer(first, user, USUAL)
  await first.waitFor('to log in, use the browser', { within: PATIENCE })
  first.press('ctrl-c')
  await first.ended
  user.home.useBrowser('follow.ts')

  const second = Terminal.open(t, user.home, [...SETUP, 'acme'])

  t.is(await second.ended, 0, second.screen())
  t.notRegex(second.text(), /[?✔] /u)
  await assertReady(t, user)
})

testInTurn(
  'on a terminal of 60 columns no line is wider, but for addresses, commands and what stands alone',
  async (t) => {
    const user = await makeNewcomer(t)
    const { consumer, settings } = user.sandbox.oauth
    settings.scopes = ['account']
    const { callback } = consumer
    consumer.callback = 'http://localhost:9/other'

    const terminal = Terminal.open(t, user.home, SETUP, { columns: 60 })
    await answer(terminal, user, [
      ['? Your workspace', () => 'acme'],
      [PAGE_QUESTION, enter],
      [KEY_QUESTION, key],
      [SECRET_QUESTION, () => 'wrong'],
      [KEY_QUESTION, key],
      [SECRET_QUESTION, secret],
      [DONE_QUESTION, () => void (consumer.callback = callback)],
      [DONE_QUESTION, () => void (settings.scopes = ['repository'])],
    ])

    t.is(await terminal.ended, 0, terminal.screen())
    t.regex(terminal.text(), /it may clone and fetch, but not push/)
    const wide = terminal
      .text()
      .split('\n')
      .filter((line) => line.length > 60 && !/^ *(\S+|git .*|added to \S+)$/.test(line))
    t.deepEqual(wide, [])
  },
)

testInTurn('with NO_COLOR nothing is coloured', async (t) => {
  const user = await makeNewcomer(t)
  user.home.env['NO_COLOR'] = '1'

  const terminal = Terminal.open(t, user.home, [...SETUP, 'acme'])
  await answer(terminal, user, USUAL)

  t.is(await terminal.ended, 0, terminal.screen())
  t.notRegex(terminal.printed, /\[[\d;]*[1-9][\d;]*m/)
})

testInTurn('without a terminal: the key as an option, the secret on stdin, no login', async (t) => {
  const user = await makeNewcomer(t)
  user.home.forbidBrowser()

  const outcome = await setup(user, ['acme', '--key', key(user), '--secret-stdin', '--no-login'], `${secret(user)}\n`)

  t.like(outcome, { code: 0, stderr: '' })
  t.regex(outcome.stdout, /git is ready; the first command that needs a login opens the browser\n$/)
  t.deepEqual(user.home.openedUrls(), [])
  user.home.useBrowser('follow.ts')
  const { code, stderr } = await user.home.helper('get', requestFor(BITBUCKET))
  t.is(code, 0, stderr)
  await assertReady(t, user)
})

testInTurn('without a terminal: key and secret in the environment', async (t) => {
  const user = await makeNewcomer(t)
  user.home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID'] = key(user)
  user.home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET'] = secret(user)

  const { code, stdout, stderr } = await setup(user, ['acme'])

  t.is(code, 0, stderr)
  t.regex(stdout, READY)
  delete user.home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID']
  delete user.home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET']
  await assertReady(t, user)
})

for (const [title, args, input, what] of [
  [
    'no workspace',
    [],
    undefined,
    /the workspace is missing[^\n]*\nhint: git credential-bitbucket-oauth setup WORKSPACE\n/,
  ],
  [
    'no key',
    ['acme'],
    undefined,
    /key or secret is missing[^\n]*\nhint: [^\n]* setup acme --key KEY --secret-stdin < FILE\n/,
  ],
  [
    'no secret',
    ['acme', '--key', 'K'],
    undefined,
    /key or secret is missing[^\n]*\nhint: [^\n]*--secret-stdin < FILE\n/,
  ],
  ['an empty stdin', ['acme', '--key', 'K', '--secret-stdin'], '', /the secret on stdin is missing/],
  ['a workspace that is none', ['https://example.com/acme'], undefined, /a workspace is what follows/],
  ['the secret as an argument', ['acme', '--secret', 'S'], undefined, /there is no option --secret\n/],
] as const) {
  testInTurn(`without a terminal and with ${title}: exit code 2, what to give, and nothing done`, async (t) => {
    const user = await makeNewcomer(t)
    const before = readFileSync(user.file, 'utf8')

    const { code, stderr } = await setup(user, args, input)

    t.is(code, 2, stderr)
    t.regex(stderr, what)
    t.is(readFileSync(user.file, 'utf8'), before)
    t.deepEqual(user.home.files(user.home.data), [])
  })
}

testInTurn('with its output in a file, it asks nothing that nobody would see', async (t) => {
  const user = await makeNewcomer(t)

  const terminal = Terminal.open(t, user.home, ['sh', '-c', `${SETUP.join(' ')} > file`])

  t.is(await terminal.ended, 2)
  t.regex(terminal.text(), /the workspace is missing/)
})

testInTurn('a wrong secret on stdin: exit code 1, what to do, and nothing done', async (t) => {
  const user = await makeNewcomer(t)
  const before = readFileSync(user.file, 'utf8')

  const { code, stderr } = await setup(user, ['acme', '--key', key(user), '--secret-stdin'], 'wrong\n')

  t.is(code, 1)
  t.regex(stderr, /refuses the consumer's key and secret\nhint: copy both once more from https:/)
  t.is(readFileSync(user.file, 'utf8'), before)
  t.deepEqual(user.home.files(user.home.data), [])
})

testInTurn('a secret in ~/.gitconfig is taken out of there, and all else stays', async (t) => {
  const user = await makeNewcomer(t)
  const before = readFileSync(user.file, 'utf8')
  user.home.configure({ [`credential.${BITBUCKET}.oauthClientId`]: key(user) })
  const withKey = readFileSync(user.file, 'utf8')
  user.home.configure({ [`credential.${BITBUCKET}.oauthClientSecret`]: secret(user) })

  const { code, stdout, stderr } = await setup(user, ['acme'])

  t.is(code, 0, stderr)
  t.regex(stdout, /\nthe secret is no longer in git's configuration\n/)
  t.true(readFileSync(user.file, 'utf8').startsWith(withKey))
  t.true(withKey.startsWith(before))
  await assertReady(t, user)
})

testInTurn('a secret that stands in an included file is left there, and told of', async (t) => {
  const user = await makeNewcomer(t)
  const included = join(user.home.path, 'runtime', NAME)
  user.home.configure({ [`credential.${BITBUCKET}.oauthClientId`]: key(user), 'include.path': `${included}.gitconfig` })
  writeFileSync(`${included}.gitconfig`, `[credential "${BITBUCKET}"]\n\toauthClientSecret = wrong\n`)
  user.home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET'] = secret(user)

  const { code, stdout, stderr } = await setup(user, ['acme'])

  t.is(code, 0, stderr)
  t.regex(
    stdout,
    /git's configuration still has a secret, in a file that setup leaves alone; to find it, and remove it there:\n {2}git config /,
  )
  t.true(existsSync(`${included}.gitconfig`))
})

for (const [title, arrange] of [
  [
    'a file that is included',
    ({ home }) => {
      const included = join(home.path, 'runtime', NAME)
      home.configure({ 'include.path': `${included}.gitconfig` })
      const lines = '\toauthClientId = old\n\toauthClientSecret = old\n'
      writeFileSync(`${included}.gitconfig`, `[credential "${BITBUCKET}"]\n${lines}`)
    },
  ],
  [
    'the environment',
    ({ home }) => {
      home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID'] = 'old'
      home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET'] = 'old'
    },
  ],
] as const satisfies readonly (readonly [string, (user: User) => void])[]) {
  testInTurn(`another consumer that counts more, in ${title}: setup changes nothing, and says where`, async (t) => {
    const user = await makeNewcomer(t)
    arrange(user)
    const before = readFileSync(user.file, 'utf8')

    const args = ['acme', '--key', key(user), '--secret-stdin']
    const { code, stdout, stderr } = await setup(user, args, `${secret(user)}\n`)

    t.is(code, 3)
    t.notRegex(stdout, /ready|logged in/)
    t.regex(stderr, /: other settings count more than these, so another consumer would be used\nhint: /)
    t.is(readFileSync(user.file, 'utf8'), before)
  })
}

testInTurn('a login that was made with another consumer is made anew', async (t) => {
  const user = await makeNewcomer(t)
  const args = ['acme', '--key', key(user), '--secret-stdin']
  t.is((await setup(user, args, `${secret(user)}\n`)).code, 0)
  const path = user.home.recordPath(user.home.data, BITBUCKET)
  writeFileSync(path, readFileSync(path, 'utf8').replace(key(user), 'another'), { mode: 0o600 })
  const opened = user.home.openedUrls().length

  const { code, stdout } = await setup(user, ['acme'])

  t.is(code, 0)
  t.regex(stdout, /the login for bitbucket\.org was made with another OAuth consumer\n/)
  t.is(user.home.openedUrls().length, opened + 1)
  t.is(user.home.record(user.home.data, BITBUCKET)['clientId'], key(user))
})

testInTurn('a callback URL that will not do is a wrong usage, and named as the option', async (t) => {
  const user = await makeNewcomer(t)

  const { code, stderr } = await setup(user, ['acme', '--callback', 'https://acme.example'])

  t.is(code, 2)
  t.regex(stderr, /: --callback has to be an http URL on this machine/)
})

test.serial('where a keyring answers, it keeps the secret, and no file does', async (t) => {
  const daemon = await KeyringDaemon.start(t)
  const user = await makeNewcomer(t)
  Object.assign(user.home.env, daemon.env)

  const terminal = Terminal.open(t, user.home, [...SETUP, 'acme'])
  await answer(terminal, user, USUAL)

  t.is(await terminal.ended, 0, terminal.screen())
  t.regex(terminal.text(), /\nthe key is kept in git's configuration, the secret in the system's keyring\n/)
  t.deepEqual(
    user.home.files(user.home.data).filter((name) => name.endsWith('.consumers')),
    [],
  )
  await assertReady(t, user)
})

test.serial('a keyring that is locked: exit code 1, how to unlock it or do without, and nothing done', async (t) => {
  const daemon = await KeyringDaemon.start(t)
  const user = await makeNewcomer(t)
  Object.assign(user.home.env, daemon.env)
  daemon.lock()
  const before = readFileSync(user.file, 'utf8')

  const { code, stderr } = await setup(user, ['acme', '--key', key(user), '--secret-stdin'], `${secret(user)}\n`)

  t.is(code, 1)
  t.regex(
    stderr,
    /keyring cannot be used [^\n]*\nhint: unlock the keyring[^\n]*\nhint: to keep the login in a file[^\n]*oauthStore file/,
  )
  t.is(readFileSync(user.file, 'utf8'), before)
  t.deepEqual(user.home.files(user.home.data), [])
})
