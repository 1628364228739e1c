import test, { type ExecutionContext } from 'ava'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Git, isAtLeast, testEachGit } from '../helpers/gits.ts'
import type { Home, Outcome } from '../helpers/home.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { makeUser, parseAnswer } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

/**
 * The list that git's own tests hold against a helper (t/lib-credential.sh), and the telling cases of t0300 and t5563,
 * by git's names, through the real `git credential`, for https://bitbucket.org.
 */
const BITBUCKET = 'https://bitbucket.org'
const HOST = { protocol: 'https', host: 'bitbucket.org' } as const

type User = { readonly t: ExecutionContext; readonly git: Git; readonly home: Home; readonly sandbox: Sandbox }

type Case = {
  readonly name: string
  /** What this helper does instead, where it differs on purpose. */
  readonly differs?: string
  /** Who has logged in before: by default nobody in particular. */
  readonly logins?: readonly string[]
  readonly settings?: Readonly<Record<string, string>>
  readonly run: (user: User) => Promise<void>
}

const BEARER = { [`credential.${BITBUCKET}.oauthAuthType`]: 'bearer' }

const LIB_CREDENTIAL: readonly Case[] = [
  {
    name: 'has no existing data',
    logins: [],
    run: async (user) => expectAsked(user, await fill(user, HOST)),
  },
  {
    name: 'stores password',
    differs: 'takes nothing that it did not issue',
    logins: [],
    run: async (user) => {
      await approve(user, { ...HOST, username: 'store-user', password: 'store-pass' })
      user.t.deepEqual([...user.home.files(user.home.data), ...user.home.files(user.home.runtime)], [])
    },
  },
  { name: 'can retrieve password', run: async (user) => expectToken(user, await fill(user, HOST)) },
  {
    name: 'requires matching protocol',
    run: async (user) => expectAsked(user, await fill(user, { ...HOST, protocol: 'http' })),
  },
  {
    name: 'requires matching host',
    run: async (user) => expectAsked(user, await fill(user, { ...HOST, host: 'other.example' })),
  },
  {
    name: 'requires matching username',
    differs: "the default account answers for every name without a login, as Bitbucket's clone URLs carry one",
    run: async (user) => expectToken(user, await fill(user, { ...HOST, username: 'other' })),
  },
  {
    name: 'requires matching path',
    differs: 'a token is good for all repositories of the user',
    settings: { 'credential.useHttpPath': 'true' },
    run: async (user) => expectToken(user, await fill(user, { ...HOST, path: 'acme/bar.git' })),
  },
  {
    name: 'overwrites on store',
    differs: 'takes nothing that it did not issue',
    run: async (user) => {
      await approve(user, { ...HOST, username: 'x-token-auth', password: 'pass2' })
      expectToken(user, await fill(user, HOST))
    },
  },
  {
    name: 'can forget host',
    run: async (user) => {
      await reject(user, HOST)
      expectAsked(user, await fill(user, HOST))
    },
  },
  {
    name: 'can store multiple users',
    logins: ['alice', 'bob'],
    run: async (user) => {
      for (const username of ['alice', 'bob']) {
        expectToken(user, await fill(user, { ...HOST, username }), username)
      }
    },
  },
  {
    name: 'does not erase a password distinct from input',
    run: async (user) => {
      await reject(user, { ...HOST, username: 'x-token-auth', password: 'pass2' })
      expectToken(user, await fill(user, HOST))
      user.t.deepEqual(user.sandbox.oauth.tokenRequests, [], 'the token is the one that was there')
    },
  },
  {
    name: 'can forget user',
    logins: ['alice', 'bob'],
    run: async (user) => {
      await reject(user, { ...HOST, username: 'alice' })
      expectAsked(user, await fill(user, { ...HOST, username: 'alice' }), 'alice')
    },
  },
  {
    name: 'remembers other user',
    logins: ['alice', 'bob'],
    run: async (user) => {
      await reject(user, { ...HOST, username: 'alice' })
      expectToken(user, await fill(user, { ...HOST, username: 'bob' }), 'bob')
    },
  },
  {
    name: 'can store empty username',
    differs: 'an empty username is that of nobody in particular',
    run: async (user) => expectToken(user, await fill(user, { ...HOST, username: '' })),
  },
  {
    name: 'erases all matching credentials',
    logins: ['alice', 'bob'],
    run: async (user) => {
      await reject(user, HOST)
      for (const username of ['alice', 'bob']) {
        expectAsked(user, await fill(user, { ...HOST, username }), username)
      }
    },
  },
  {
    name: 'not confused by long header',
    run: async (user) =>
      expectToken(user, await fill(user, { ...HOST, 'wwwauth[]': `basic realm="${'x'.repeat(5000)}"` })),
  },
  {
    name: 'times out',
    run: async (user) => {
      user.home.expire(BITBUCKET)
      user.sandbox.oauth.storage.forget('RefreshToken')
      expectAsked(user, await fill(user, HOST))
    },
  },
  {
    name: 'stores password_expiry_utc',
    differs: 'takes nothing that it did not issue',
    run: async (user) => {
      const password_expiry_utc = '9999999999'
      await approve(user, { ...HOST, username: 'x-token-auth', password: 'pass', password_expiry_utc })
      expectToken(user, await fill(user, HOST))
    },
  },
  {
    name: 'gets password_expiry_utc',
    run: async (user) => {
      const { password_expiry_utc: expiry } = parseAnswer((await fill(user, HOST)).stdout)
      user.t.is(expiry, knowsExpiry(user) ? String(recordOf(user)['expiresAt']) : undefined)
    },
  },
  {
    name: 'overwrites when password_expiry_utc changes',
    run: async (user) => {
      user.home.expire(BITBUCKET, 100)
      const before = Number(recordOf(user)['expiresAt'])
      const outcome = await fill(user, HOST)
      expectToken(user, outcome)
      user.t.true(Number(recordOf(user)['expiresAt']) > before + 7000)
      if (knowsExpiry(user)) user.t.true(Number(parseAnswer(outcome.stdout)['password_expiry_utc']) > before + 7000)
    },
  },
  {
    name: 'stores oauth_refresh_token',
    differs: 'takes nothing that it did not issue',
    run: async (user) => {
      const before = readFileSync(user.home.recordPath(user.home.data, BITBUCKET), 'utf8')
      await approve(user, { ...HOST, username: 'x-token-auth', password: 'pass', oauth_refresh_token: 'xyzzy' })
      user.t.is(readFileSync(user.home.recordPath(user.home.data, BITBUCKET), 'utf8'), before)
    },
  },
  {
    name: 'gets oauth_refresh_token',
    differs: 'a refresh token leaves it for nobody but Bitbucket',
    run: async (user) => void user.t.notRegex((await fill(user, HOST)).stdout, /oauth_refresh_token/),
  },
  {
    name: 'stores authtype and credential',
    differs: 'takes nothing that it did not issue',
    logins: [],
    run: async (user) => {
      await approve(user, { 'capability[]': 'authtype', authtype: 'Bearer', credential: 'random-token', ...HOST })
      user.t.deepEqual([...user.home.files(user.home.data), ...user.home.files(user.home.runtime)], [])
    },
  },
  {
    name: 'gets authtype and credential',
    settings: BEARER,
    run: async (user) => expectBearer(user, await fill(user, { 'capability[]': 'authtype', ...HOST })),
  },
  {
    name: 'gets authtype and credential only if request has authtype capability',
    settings: BEARER,
    run: async (user) => {
      const outcome = await fill(user, HOST)
      expectToken(user, outcome)
      user.t.notRegex(outcome.stdout, /authtype|credential=/)
    },
  },
  {
    name: 'stores authtype and credential with username',
    differs: 'takes nothing that it did not issue',
    logins: [],
    run: async (user) => {
      const told = { authtype: 'Bearer', credential: 'other-token', ...HOST, username: 'foobar' }
      await approve(user, { 'capability[]': 'authtype', ...told })
      user.t.deepEqual([...user.home.files(user.home.data), ...user.home.files(user.home.runtime)], [])
    },
  },
  {
    name: 'gets authtype and credential with username',
    logins: ['alice'],
    settings: BEARER,
    run: async (user) =>
      expectBearer(user, await fill(user, { 'capability[]': 'authtype', ...HOST, username: 'alice' }), 'alice'),
  },
  {
    name: 'does not get authtype and credential with different username',
    logins: ['alice'],
    settings: BEARER,
    run: async (user) => {
      const asked = { 'capability[]': 'authtype', ...HOST, username: 'barbaz' }
      expectAsked(user, await fill(user, asked), 'barbaz')
    },
  },
  {
    name: 'does not store ephemeral authtype and credential',
    logins: [],
    run: async (user) => {
      const told = { authtype: 'Bearer', credential: 'git2-token', ...HOST, ephemeral: '1' }
      await approve(user, { 'capability[]': 'authtype', ...told })
      expectAsked(user, await fill(user, { 'capability[]': 'authtype', ...HOST }))
    },
  },
  {
    name: 'does not store ephemeral username and password',
    logins: [],
    run: async (user) => {
      const told = { ...HOST, username: 'barbaz', password: 'secret', ephemeral: '1' }
      await approve(user, { 'capability[]': 'authtype', ...told })
      expectAsked(user, await fill(user, { 'capability[]': 'authtype', ...HOST }))
    },
  },
]

const T0300: readonly Case[] = [
  {
    name: 'credential_fill response does not get capabilities when caller is incapable',
    run: async (user) => void user.t.notRegex((await fill(user, HOST)).stdout, /capability|ephemeral|state|continue/),
  },
  {
    name: 'credential_fill invokes helper with ephemeral credential',
    run: async (user) => {
      const { stdout } = await fill(user, { 'capability[]': 'authtype', ...HOST })
      if (user.git.hasCapabilities) user.t.regex(stdout, /^capability\[\]=authtype\n[^]*^ephemeral=1\n/m)
      else user.t.notRegex(stdout, /ephemeral/)
    },
  },
  {
    name: 'credential_fill stops when we get a full response',
    run: async (user) => {
      user.home.configure({ 'credential.helper': askNobody(user) })
      expectToken(user, await fill(user, HOST))
    },
  },
  {
    name: 'credential_fill continues where we have no response',
    run: async (user) => {
      user.home.configure({ 'credential.helper': "!printf 'username=theirs\\\\npassword=theirs\\\\n' #" })
      const { stdout } = await fill(user, { ...HOST, host: 'other.example' })
      user.t.is(parseAnswer(stdout)['password'], 'theirs')
    },
  },
  {
    name: 'credential_fill ignores expired password',
    run: async (user) => {
      user.home.expire(BITBUCKET)
      const before = recordOf(user)['accessToken']
      expectToken(user, await fill(user, HOST))
      user.t.not(recordOf(user)['accessToken'], before)
    },
  },
  {
    name: 'credential_reject erases credential regardless of expiry',
    run: async (user) => {
      user.home.expire(BITBUCKET, 3600)
      const password = String(recordOf(user)['accessToken'])
      await reject(user, { ...HOST, username: 'x-token-auth', password, password_expiry_utc: '5' })
      user.t.deepEqual(user.home.files(user.home.runtime), [])
    },
  },
  {
    name: 'usernames can be overridden',
    run: async (user) => {
      const { stdout } = await fill(user, { ...HOST, username: 'alice' })
      user.t.is(parseAnswer(stdout)['username'], 'x-token-auth')
    },
  },
  {
    name: 'helpers can abort the process',
    logins: [],
    run: async (user) => {
      const { t, home } = user
      delete home.env['CI']
      home.useBrowser('follow.ts', 'cancel')
      home.configure({ 'credential.helper': askNobody(user) })
      const { code, stdout, stderr } = await fill(user, HOST)
      t.is(code, 128)
      t.is(stdout, '')
      t.regex(stderr, /access was denied in the browser[^\n]*\nfatal: [^\n]*told us to quit\n$/)
    },
  },
  {
    name: 'empty helper spec resets helper list',
    run: async (user) => {
      const { home } = user
      for (const helper of ['', askNobody(user)]) home.configure({ 'credential.helper': helper })
      for (const helper of ['', 'bitbucket-oauth']) home.configure({ [`credential.${BITBUCKET}.helper`]: helper })
      expectToken(user, await fill(user, HOST))
    },
  },
  {
    name: 'url parser rejects embedded newlines',
    run: async (user) => {
      const { code, stdout } = await fill(user, { url: 'https://one.example%0aprotocol=https%0ahost=bitbucket.org/' })
      user.t.not(code, 0)
      user.t.is(stdout, '')
    },
  },
  {
    name: 'url parser lets no embedded carriage return through',
    run: async (user) => {
      const { stdout } = await fill(user, { url: 'https://bitbucket.org%0d/' })
      user.t.false(stdout.includes(String(recordOf(user)['accessToken'])))
    },
  },
  {
    name: 'no token for a username with control characters',
    run: async (user) => {
      const { stdout } = await fill(user, { ...HOST, username: 'a\u001B[2Jb' })
      user.t.false(stdout.includes(String(recordOf(user)['accessToken'])))
    },
  },
]

for (const [group, cases] of [
  ['lib-credential', LIB_CREDENTIAL],
  ['t0300', T0300],
] as const) {
  for (const { name, differs, logins = [''], settings = {}, run } of cases) {
    testEachGit(`${group}: ${name}${differs === undefined ? '' : `; differs: ${differs}`}`, async (t, git) => {
      const { home, sandbox } = await makeUser(t, { git })
      home.configureFor(sandbox, BITBUCKET)
      home.configure(settings)
      for (const username of logins) {
        const user = username === '' ? {} : { username }
        await plantLogin(home, sandbox, { url: BITBUCKET, isBearer: settings === BEARER, ...user })
      }
      home.env['CI'] = 'true'
      home.env['GIT_ASKPASS'] = writeAskpass(home)
      await run({ t, git, home, sandbox })
    })
  }
}

const T5563: readonly (readonly [name: string, settings: readonly string[], isGood: boolean])[] = [
  ['access using basic auth', ['basic'], true],
  ['access using basic auth invalid credentials', ['basic'], false],
  ['access using basic proactive auth', ['basic', 'http.proactiveAuth=basic'], true],
  ['access using auto proactive auth with basic default', ['basic', 'http.proactiveAuth=auto'], true],
  ['access using bearer auth', ['bearer'], true],
  ['access using bearer auth with invalid credentials', ['bearer'], false],
  [
    'access using auto proactive auth with a bearer token that is not good any more',
    ['bearer', 'http.proactiveAuth=auto'],
    false,
  ],
]

for (const [name, [form = 'basic', ...settings], isGood] of T5563) {
  testEachGit(`t5563: ${name}`, async (t, git) => {
    const { home, sandbox } = await makeUser(t, { git })
    home.configure({ [`credential.${sandbox.origin}.oauthAuthType`]: form })
    await plantLogin(home, sandbox, { isBearer: form === 'bearer' })
    home.expire(sandbox.origin, 3600)
    if (!isGood) sandbox.oauth.storage.forget('AccessToken')
    const options = settings.flatMap((setting) => ['-c', setting])
    const access = (): Promise<Outcome> =>
      home.git(...options, 'ls-remote', '--quiet', sandbox.repository('widgets'), 'none')

    const first = await access()

    t.is(first.code, isGood || git.hasCapabilities ? 0 : 128, first.stderr)
    t.is((await access()).code, 0)
    const isProactive = settings.length > 0 && git.hasCapabilities
    const statuses = sandbox.git.requests.map(({ status }) => status)
    t.is(statuses[0], isProactive && isGood ? 200 : 401, 'a proactive git sends the token at once')
  })
}

test('the table in docs/compatibility.md tells the same', (t) => {
  const text = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| (.+?) +\| (kept|differs: .+?) +\|$/gm)].map(
    ([, name, verdict]) => `${name}: ${verdict}`,
  )
  const cases = [...LIB_CREDENTIAL, ...T0300, ...T5563.map(([name]): { name: string; differs?: string } => ({ name }))]

  t.deepEqual(
    rows,
    cases.map(({ name, differs }) => `${name}: ${differs === undefined ? 'kept' : `differs: ${differs}`}`),
  )
  const kept = LIB_CREDENTIAL.filter(({ differs }) => differs === undefined).length
  t.log(`git's list: ${LIB_CREDENTIAL.length} cases, ${kept} kept, ${LIB_CREDENTIAL.length - kept} differ on purpose`)
  t.log(`besides: ${T0300.length} of t0300 and ${T5563.length} of t5563, all kept`)
})

function writeAskpass(home: Home): string {
  const path = join(home.path, 'bin/askpass')
  writeFileSync(path, '#!/bin/sh\ncase "$1" in User*) echo askpass-username ;; *) echo askpass-password ;; esac\n', {
    mode: 0o700,
  })
  return path
}

/** A helper that must not be asked for a token. */
function askNobody({ home }: User): string {
  const path = join(home.path, 'bin/nobody')
  writeFileSync(path, '#!/bin/sh\n[ "$1" != get ] || printf "username=nobody\\npassword=nobody\\n"\n', { mode: 0o700 })
  return path
}

function fill(user: User, attributes: Readonly<Record<string, string>>): Promise<Outcome> {
  return credential(user, 'fill', attributes)
}

async function approve(user: User, attributes: Readonly<Record<string, string>>): Promise<void> {
  user.t.deepEqual(await credential(user, 'approve', attributes), { code: 0, stdout: '', stderr: '' })
}

async function reject(user: User, attributes: Readonly<Record<string, string>>): Promise<void> {
  user.t.deepEqual(await credential(user, 'reject', attributes), { code: 0, stdout: '', stderr: '' })
}

function credential({ home }: User, action: string, attributes: Readonly<Record<string, string>>): Promise<Outcome> {
  const input = Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
  return home.run('git', ['credential', action], { input })
}

function recordOf({ home }: User, username = ''): Record<string, unknown> {
  return home.record(home.runtime, username === '' ? BITBUCKET : BITBUCKET.replace('://', `://${username}@`))
}

/** That our token was answered, and nobody asked. */
function expectToken(user: User, { code, stdout, stderr }: Outcome, username = ''): void {
  const { username: answered, password } = parseAnswer(stdout)
  user.t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  user.t.is(answered, 'x-token-auth')
  user.t.true(password === recordOf(user, username)['accessToken'], 'the token that is kept')
}

function expectBearer(user: User, outcome: Outcome, username = ''): void {
  if (!user.git.hasCapabilities) return expectToken(user, outcome, username)
  const { authtype, credential: token, password } = parseAnswer(outcome.stdout)
  user.t.deepEqual({ code: outcome.code, stderr: outcome.stderr }, { code: 0, stderr: '' })
  user.t.is(authtype, 'Bearer')
  user.t.true(token === recordOf(user, username)['accessToken'], 'the token that is kept')
  user.t.is(password, undefined)
}

/** That git had to ask the user, as no helper had an answer. */
function expectAsked({ t }: User, { code, stdout }: Outcome, username = 'askpass-username'): void {
  t.is(code, 0)
  t.like(parseAnswer(stdout), { username, password: 'askpass-password' })
}

/** Git knows of it since 2.40. */
function knowsExpiry({ git }: User): boolean {
  return isAtLeast(git.version, 2, 40)
}
