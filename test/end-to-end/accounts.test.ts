import test, { type ExecutionContext } from 'ava'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testEachGit } from '../helpers/gits.ts'
import { type Home, printedAddress } from '../helpers/home.ts'
import { makeLoggedInUser, makeUser, parseAnswer, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

type People = { readonly home: Home; readonly sandbox: Sandbox; readonly hers: string; readonly everybody: string }

/** A user who has logged in by default, and once more as alice. */
async function makeTwoAccounts(t: ExecutionContext): Promise<People> {
  const { home, sandbox } = await makeLoggedInUser(t)
  home.useBrowser('follow.ts')
  const { code, stderr } = await home.run('git-credential-bitbucket-oauth', [
    'login',
    sandbox.origin,
    '--username',
    'alice',
  ])
  t.is(code, 0, stderr)
  t.regex(stderr, /: logged in to alice@127\.0\.0\.1:\d+\n/)
  home.forbidBrowser()
  sandbox.oauth.tokenRequests.length = 0
  return { home, sandbox, hers: withUsername(sandbox.origin, 'alice'), everybody: sandbox.origin }
}

function withUsername(origin: string, username: string): string {
  return origin.replace('://', `://${encodeURIComponent(username)}@`)
}

function tokenOf(home: Home, origin: string): string {
  return String(home.record(home.runtime, origin)['accessToken'])
}

async function ask(home: Home, origin: string, username?: string): Promise<string | undefined> {
  const { stdout } = await home.helper('get', requestFor(origin, username === undefined ? {} : { username }))
  return parseAnswer(stdout)['password']
}

test('a username with a login of its own gets its token; all others, and none, get that of the default account', async (t) => {
  const { home, hers, everybody } = await makeTwoAccounts(t)
  const herToken = tokenOf(home, hers)
  const ourToken = tokenOf(home, everybody)
  t.not(herToken, ourToken)

  t.is(await ask(home, everybody, 'alice'), herToken)
  for (const name of [
    undefined,
    '',
    'x-token-auth',
    'bob',
    'Alice',
    'alice@',
    '../alice',
    'a/b',
    'Zoë',
    'x'.repeat(400),
  ]) {
    t.is(await ask(home, everybody, name), ourToken, name)
  }
})

test('each account refreshes its own login', async (t) => {
  const { home, sandbox, hers, everybody } = await makeTwoAccounts(t)
  const ours = home.record(home.data, everybody)
  home.expire(hers)

  const answered = await ask(home, everybody, 'alice')

  t.is(answered, tokenOf(home, hers))
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
  t.deepEqual(home.record(home.data, everybody), ours)
})

test('an account that lost its access token at a reboot is still its own', async (t) => {
  const { home, sandbox, hers, everybody } = await makeTwoAccounts(t)
  home.expire(hers)
  for (const left of ['hers alone', 'none'] as const) {
    if (left === 'none') await home.run('rm', ['-r', home.runtime])
    else await home.run('rm', [home.recordPath(home.runtime, everybody)])

    const answered = await ask(home, everybody, 'alice')

    t.is(answered, tokenOf(home, hers), left)
  }
  t.is(sandbox.oauth.tokenRequests.length, 2)
})

test('git chooses the account by credential.<url>.username, or by the username in the URL', async (t) => {
  const { home, sandbox, hers, everybody } = await makeTwoAccounts(t)
  home.configure({ [`credential.${sandbox.origin}/acme.username`]: 'alice' })
  const fill = async (url: string): Promise<string | undefined> => {
    const { stdout } = await home.run('git', ['credential', 'fill'], { input: `url=${url}\n` })
    return parseAnswer(stdout)['password']
  }

  t.is(await fill(`${sandbox.origin}/acme/widgets.git`), tokenOf(home, hers))
  t.is(await fill(`${hers}/other/widgets.git`), tokenOf(home, hers))
  t.is(await fill(`${sandbox.origin}/other/widgets.git`), tokenOf(home, everybody))
})

testEachGit(
  'a username in the URL, where git tells it, or in git’s settings is answered by its own login',
  async (t, git) => {
    const { home, sandbox } = await makeUser(t, { git })
    home.useBrowser('follow.ts')
    const login = await home.run('git-credential-bitbucket-oauth', ['login', sandbox.origin, '--username', 'alice'])
    t.is(login.code, 0, login.stderr)
    home.forbidBrowser()
    home.env['GIT_TERMINAL_PROMPT'] = '0'
    const told = join(home.path, 'told')
    for (const helper of ['', `!grep ^username >> '${told}' #`, 'bitbucket-oauth']) {
      home.configure({ 'credential.helper': helper })
    }

    const byUrl = await home.git('clone', '--quiet', sandbox.repository('widgets', 'alice'), 'by-url')
    const byNothing = await home.git('clone', '--quiet', sandbox.repository('widgets'), 'by-nothing')
    // A newer libcurl gives the URL back without it, which git takes for a redirect: https://github.com/curl/curl/pull/23016
    const isTold = readFileSync(told, 'utf8').includes('username=alice\n')
    home.configure({ [`credential.${sandbox.origin}/acme.username`]: 'alice' })
    const bySetting = await home.git('clone', '--quiet', sandbox.repository('widgets'), 'by-setting')

    t.log(isTold ? 'git tells it' : 'git does not tell it')
    t.is(byUrl.code, isTold ? 0 : 128, byUrl.stderr)
    t.is(byNothing.code, 128, 'nobody has logged in for everybody')
    t.deepEqual(bySetting, { code: 0, stdout: '', stderr: '' })
  },
)

test('git credential reject with the username that we answer forgets the default account alone', async (t) => {
  const { home, sandbox, hers, everybody } = await makeTwoAccounts(t)
  const kept = home.record(home.data, hers)
  const input = requestFor(sandbox.origin, { username: 'x-token-auth' })

  t.is((await home.run('git', ['credential', 'reject'], { input })).code, 0)

  t.deepEqual(home.record(home.data, hers), kept)
  t.throws(() => home.record(home.data, everybody), { code: 'ENOENT' })
})

test('erase finds the account by the token', async (t) => {
  const { home, hers, everybody } = await makeTwoAccounts(t)
  home.expire(hers, 3600)
  const password = tokenOf(home, hers)
  const kept = home.record(home.runtime, everybody)

  const outcome = await home.helper('erase', requestFor(everybody, { username: 'x-token-auth', password }))

  t.deepEqual(outcome, { code: 0, stdout: '', stderr: '' })
  t.throws(() => home.record(home.runtime, hers), { code: 'ENOENT' })
  t.deepEqual(home.record(home.runtime, everybody), kept)
  t.is(home.files(home.data).length, 2)
})

test('git credential reject forgets one account by its username, and all of them without', async (t) => {
  const { home, hers, everybody } = await makeTwoAccounts(t)

  await home.run('git', ['credential', 'reject'], { input: requestFor(everybody, { username: 'alice' }) })
  t.throws(() => home.record(home.data, hers), { code: 'ENOENT' })
  t.truthy(home.record(home.data, everybody))

  home.useBrowser('follow.ts')
  await home.run('git-credential-bitbucket-oauth', ['login', hers])
  t.is(home.files(home.data).length, 2)
  await home.run('git', ['credential', 'reject'], { input: requestFor(everybody) })
  t.deepEqual([home.files(home.data), home.files(home.runtime)], [[], []])
})

test('an account may have a consumer of its own', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.configure({ [`credential.${withUsername(sandbox.origin, 'alice')}.oauthClientId`]: 'her-own-consumer' })
  home.configure({ [`credential.${sandbox.origin}.oauthLoginTimeout`]: '1' })
  home.useAbsentUser()

  const hers = await home.run('git-credential-bitbucket-oauth', ['login', sandbox.origin, '--username', 'alice'])
  const everybodys = await home.run('git-credential-bitbucket-oauth', ['login', sandbox.origin])

  const clientIds = [hers, everybodys].map(({ stderr }) =>
    new URL(printedAddress(stderr)).searchParams.get('client_id'),
  )
  t.deepEqual(clientIds, ['her-own-consumer', sandbox.oauth.consumer.key])
})

test('status tells which logins are kept, where, and for how long', async (t) => {
  const { home, sandbox, hers, everybody } = await makeTwoAccounts(t)
  home.expire(hers)
  home.expire(everybody, 7199)
  const { host } = new URL(sandbox.origin)
  const consumer = `key ${sandbox.oauth.consumer.key.slice(0, 4)}...`
  const status = (): ReturnType<Home['run']> => home.run('git-credential-bitbucket-oauth', ['status'])

  const both = await status()
  await home.run('git', ['credential', 'reject'], { input: requestFor(everybody) })
  const none = await status()

  t.like(both, { code: 0, stderr: '' })
  t.is(
    both.stdout.slice(0, both.stdout.indexOf('ok ')),
    `${host}
  login         in a file that only you can read: ${home.data}/${encodeURIComponent(everybody)}.json
  consumer      ${consumer}
  access token  good for 119 minutes
  permissions   repository, repository:write

alice@${host}
  login         in a file that only you can read: ${home.data}/${encodeURIComponent(hers)}.json
  consumer      ${consumer}
  access token  none that is valid; git's next command asks for another

`,
  )
  t.is(none.code, 3, 'the consumer of the sandbox is none of bitbucket.org, which is looked at now')
  t.regex(none.stdout, /\nFAULT +login +none is kept for bitbucket\.org\n/)
})

for (const [title, args, exitCode, complaint] of [
  [
    'what is no URL',
    ['login', 'bitbucket'],
    2,
    /: that is not a URL\nhint: it has to look like https:\/\/bitbucket\.org\n$/,
  ],
  [
    'a host that is not ours',
    ['login', 'https://github.com'],
    3,
    /neither Bitbucket nor a host that is configured\nhint: /,
  ],
  ['Bitbucket without a consumer', ['login'], 3, /no OAuth consumer is configured for https:\/\/bitbucket\.org/],
] as const) {
  test(`login refuses ${title}`, async (t) => {
    const { home } = await makeUser(t)

    const { code, stdout, stderr } = await home.run('git-credential-bitbucket-oauth', args)

    t.is(code, exitCode)
    t.is(stdout, '')
    t.regex(stderr, complaint)
  })
}
