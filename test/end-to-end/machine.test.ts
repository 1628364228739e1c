import test from 'ava'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../helpers/home.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { snapshot } from '../helpers/snapshot.ts'
import { makeUser, parseAnswer, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const OWN = { grantType: 'client_credentials', status: 200 }
const BITBUCKET = 'https://bitbucket.org'

function useOwnToken(home: Home, { origin }: Sandbox, store?: string): void {
  home.configure({
    [`credential.${origin}.oauthGrant`]: 'client_credentials',
    ...(store === undefined ? {} : { [`credential.${origin}.oauthStore`]: store }),
  })
}

/** As on a machine without a configuration of its own, but for where Bitbucket is. */
function useVariables(home: Home, sandbox: Sandbox): void {
  home.pointTo(sandbox, BITBUCKET)
  home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID'] = sandbox.oauth.consumer.key
  home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_GRANT'] = 'client_credentials'
}

/** Secrets lie there for a job, and nobody looks for leaks in it. */
function mountSecret(home: Home, name: string, content: string): string {
  mkdirSync(join(home.path, 'tmp'), { recursive: true })
  const path = join(home.path, 'tmp', name)
  writeFileSync(path, content)
  return path
}

test('a machine clones and pushes with the consumer’s own token: no browser, one request, no login', async (t) => {
  const { home, sandbox } = await makeUser(t)
  useOwnToken(home, sandbox)

  const clone = await home.git('clone', '-q', sandbox.repository('widgets'), 'widgets')
  const commit = await home.git('-C', 'widgets', 'commit', '-q', '--allow-empty', '-m', 'By a machine')
  const push = await home.git('-C', 'widgets', 'push', '-q')

  for (const { code, stderr } of [clone, commit, push]) t.deepEqual([code, stderr], [0, ''])
  t.is(sandbox.commits('widgets')[0], 'By a machine')
  t.deepEqual(sandbox.oauth.tokenRequests, [OWN])
  t.deepEqual(home.openedUrls(), [])
  t.deepEqual(home.files(home.data), [])
})

test('50 processes of a job with a token that has ended: one request', async (t) => {
  const { home, sandbox } = await makeUser(t)
  useOwnToken(home, sandbox)
  const request = requestFor(sandbox.origin)
  const first = await home.helper('get', request)
  home.expire(sandbox.origin)

  const outcomes = await Promise.all(Array.from({ length: 50 }, () => home.helper('get', request)))

  t.is(first.code, 0, first.stderr)
  for (const { code } of outcomes) t.is(code, 0)
  t.is(new Set(outcomes.map(({ stdout }) => parseAnswer(stdout)['password'])).size, 1)
  t.deepEqual(sandbox.oauth.tokenRequests, [OWN, OWN])
})

test('50 jobs at once that keep nothing: a request each, and nothing on the disk', async (t) => {
  const { home, sandbox } = await makeUser(t)
  useOwnToken(home, sandbox, 'none')
  const before = snapshot(home.path)

  const outcomes = await Promise.all(Array.from({ length: 50 }, () => home.helper('get', requestFor(sandbox.origin))))

  for (const { code, stderr } of outcomes) t.deepEqual([code, stderr], [0, ''])
  t.is(new Set(outcomes.map(({ stdout }) => parseAnswer(stdout)['password'])).size, 50)
  t.is(sandbox.oauth.tokenRequests.length, 50)
  t.deepEqual(snapshot(home.path), before)
})

test('where a person has logged in before, none keeps nothing either, and leaves that login as it is', async (t) => {
  const { home, sandbox } = await makeUser(t)
  await plantLogin(home, sandbox)
  home.expire(sandbox.origin)
  useOwnToken(home, sandbox, 'none')
  const before = home.record(home.data, sandbox.origin)

  const { code, stdout, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.deepEqual([code, stderr], [0, ''])
  t.deepEqual(home.findFiles(parseAnswer(stdout)['password'] ?? ''), [])
  t.deepEqual(home.record(home.data, sandbox.origin), before)
})

test('a keyring shares it too, and keeps nothing secret on the disk', async (t) => {
  const { home, sandbox } = await makeUser(t)
  Object.assign(home.env, (await KeyringDaemon.start(t)).env)
  useOwnToken(home, sandbox, 'keyring')
  const request = requestFor(sandbox.origin)

  const first = await home.helper('get', request)
  const second = await home.helper('get', request)

  t.deepEqual([first.code, first.stderr], [0, ''])
  t.deepEqual(second, first)
  t.deepEqual(sandbox.oauth.tokenRequests, [OWN])
  t.deepEqual(home.findFiles(parseAnswer(first.stdout)['password'] ?? ''), [])
})

test('a clone in a bare container: no HOME, no user of that number, nothing to write to but one place', async (t) => {
  const { home, sandbox } = await makeUser(t)
  const { key, secret } = sandbox.oauth.consumer
  const settings = {
    'credential.helper': 'bitbucket-oauth',
    [`credential.${sandbox.origin}.oauthClientId`]: key,
    [`credential.${sandbox.origin}.oauthClientSecret`]: secret,
    [`credential.${sandbox.origin}.oauthAuthURL`]: `${sandbox.origin}/site/oauth2/authorize`,
    [`credential.${sandbox.origin}.oauthTokenURL`]: `${sandbox.origin}/site/oauth2/access_token`,
    [`credential.${sandbox.origin}.oauthGrant`]: 'client_credentials',
    [`credential.${sandbox.origin}.oauthStore`]: 'none',
    'safe.directory': '*',
  }
  const entries = Object.entries(settings)
  const env = Object.fromEntries([
    ['PATH', home.env['PATH'] ?? ''],
    ['GIT_CONFIG_COUNT', String(entries.length)],
    ...entries.flatMap(([name, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, name],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ]) as Record<string, string>
  const script = `
    set -e
    mount -t tmpfs -o mode=1777 tmpfs "$1/work"
    mount -o remount,ro,bind / || { mount --bind / / && mount -o remount,ro,bind /; }
    cd "$1/work"
    exec setpriv --reuid 54321 --regid 54321 --clear-groups sh -c '
      ! touch /tmp/written 2>/dev/null && ! touch "$0" 2>/dev/null
      git clone -q "$1" widgets && ls widgets && find . -name "*bitbucket-oauth*"' "$1/file" "$2"`
  const mode = spawnSync('chmod', ['-R', 'a+rX', home.path])
  for (const name of Object.keys(home.env)) delete home.env[name]
  Object.assign(home.env, env)

  const clone = await home.run('unshare', [
    '--mount',
    'sh',
    '-c',
    script,
    'sh',
    home.path,
    sandbox.repository('widgets'),
  ])

  t.is(mode.status, 0)
  t.deepEqual([clone.code, clone.stderr], [0, ''])
  t.is(clone.stdout, 'README.md\n')
  t.deepEqual(sandbox.oauth.tokenRequests, [OWN])
})

test('where something shall be kept and there is no place, a sentence says so', async (t) => {
  const { home, sandbox } = await makeUser(t)
  useOwnToken(home, sandbox)
  home.env['GIT_CONFIG_GLOBAL'] = join(home.path, '.gitconfig')
  for (const name of ['HOME', 'XDG_RUNTIME_DIR']) delete home.env[name]
  const args = ['--reuid', '54321', '--regid', '54321', '--clear-groups', 'git-credential-bitbucket-oauth', 'get']
  spawnSync('chmod', ['-R', 'a+rX', home.path])

  const { code, stderr } = await home.run('setpriv', args, { input: requestFor(sandbox.origin) })

  t.is(code, 1)
  t.regex(stderr, /^git-credential-bitbucket-oauth: no home directory is known, [^\n]+\nhint: set HOME [^\n]+\n/)
  t.regex(stderr, /hint: [^\n]*oauthStore[^\n]* none/)
})

test('a public consumer gets no token of its own, and the sentence says what to tick', async (t) => {
  const { home, sandbox } = await makeUser(t)
  useOwnToken(home, sandbox)
  sandbox.oauth.settings.kind = 'public'

  const { code, stdout, stderr } = await home.helper('get', requestFor(sandbox.origin))
  const doctor = await home.run('git-credential-bitbucket-oauth', ['doctor', sandbox.origin])

  t.deepEqual([code, stdout], [1, ''])
  t.regex(stderr, /the consumer is public, and only a private one gets a token of its own\n/)
  t.regex(stderr, /hint: edit the consumer, tick "This is a private consumer", and save\n/)
  t.regex(doctor.stdout, /the consumer is public/)
})

test('a person who asks to log in is told that nobody does', async (t) => {
  const { home, sandbox } = await makeUser(t)
  useOwnToken(home, sandbox)

  const { code, stderr } = await home.run('git-credential-bitbucket-oauth', ['login', sandbox.origin])

  t.is(code, 2)
  t.regex(stderr, /nobody logs in to [^\n]+: oauthGrant=client_credentials/)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

test('commands work with it, refresh brings another, and logout forgets it', async (t) => {
  const { home, sandbox } = await makeUser(t)
  useOwnToken(home, sandbox)
  sandbox.oauth.settings.scopes = ['repository', 'repository:write', 'account']
  const name = 'git-credential-bitbucket-oauth'

  const archive = await home.run(name, ['archive', 'acme/widgets', '-o', 'w.tar.gz', '--host', sandbox.origin])
  const refresh = await home.run(name, ['refresh', sandbox.origin])
  const doctor = await home.run(name, ['doctor', '--json', `${sandbox.origin}/acme/widgets`])
  const logout = await home.run(name, ['logout', sandbox.origin])

  for (const { code, stderr } of [archive, refresh, doctor, logout]) t.is(code, 0, stderr)
  t.true(existsSync(join(home.path, 'work/w.tar.gz')))
  const { findings } = JSON.parse(doctor.stdout) as { findings: { check: string; level: string; text: string }[] }
  t.deepEqual(
    findings.filter(({ level }) => level === 'fault'),
    [],
  )
  t.truthy(findings.find(({ check, text }) => check === 'login' && /none is needed/.test(text)))
  t.truthy(findings.find(({ check }) => check === 'repository'))
  t.deepEqual(home.files(home.runtime), [])
})

test('key and secret from mounted files: a token for Bitbucket, and a sentence for a file that is not there', async (t) => {
  const { home, sandbox } = await makeUser(t)
  useVariables(home, sandbox)
  const name = 'GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET_FILE'
  home.env[name] = mountSecret(home, 'secret', `${sandbox.oauth.consumer.secret}\n`)
  const request = requestFor(BITBUCKET)

  const good = await home.git('-c', 'credential.interactive=false', 'credential', 'fill')
  const answered = await home.helper('get', request)
  const status = await home.run('git-credential-bitbucket-oauth', ['status'])
  home.expire(BITBUCKET)
  home.env[name] = join(home.path, 'tmp/absent')
  const absent = await home.helper('get', request)
  home.env[name] = 'secret'
  const relative = await home.helper('get', request)
  home.env[name] = mountSecret(home, 'empty', '\n')
  const empty = await home.helper('get', request)
  home.env[name] = mountSecret(home, 'lines', 'one\ntwo\n')
  const lines = await home.helper('get', request)

  t.not(good.code, 0)
  t.deepEqual([answered.code, answered.stderr], [0, ''])
  t.is(status.code, 0, status.stdout)
  t.regex(status.stdout, /none is needed: the consumer gets tokens of its own/)
  for (const { code, stdout } of [absent, relative, empty]) t.deepEqual([code, stdout], [1, ''])
  t.regex(
    absent.stderr,
    /tmp\/absent, which \w+_SECRET_FILE names, cannot be read \(ENOENT\)\nhint: see whether the job/,
  )
  t.regex(relative.stderr, /_SECRET_FILE has to be an absolute path\n/)
  t.regex(empty.stderr, /is empty\n/)
  t.regex(lines.stderr, /_CLIENT_SECRET has more than one line\nhint: see whether/)
})

test('a grant of another name is refused, by its own name', async (t) => {
  const { home, sandbox } = await makeUser(t)
  useVariables(home, sandbox)
  home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET'] = sandbox.oauth.consumer.secret
  home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_GRANT'] = 'password'
  home.configure({ [`credential.${sandbox.origin}.oauthGrant`]: 'password' })
  home.configure({ [`credential.${sandbox.origin}.oauthStore`]: 'none' })

  const byVariable = await home.helper('get', requestFor(BITBUCKET))
  const byConfiguration = await home.helper('get', requestFor(sandbox.origin))
  home.configure({ [`credential.${sandbox.origin}.oauthGrant`]: 'authorization_code' })
  const unkept = await home.helper('get', requestFor(sandbox.origin))

  t.regex(byVariable.stderr, /_GRANT has to be authorization_code or client_credentials\n/)
  t.regex(byConfiguration.stderr, /oauthGrant in git's configuration has to be/)
  t.regex(unkept.stderr, /oauthStore=none keeps no login, so each command of git would ask for one\n/)
  t.deepEqual(home.openedUrls(), [])
})

for (const form of ['variable', 'file'] as const) {
  test(`a finished token from a ${form} is answered as it is, for Bitbucket alone, and before what is kept`, async (t) => {
    const { home, sandbox } = await makeUser(t)
    home.pointTo(sandbox, BITBUCKET)
    const { accessToken } = await sandbox.oauth.grant()
    const variable = 'GIT_CREDENTIAL_BITBUCKET_OAUTH_ACCESS_TOKEN'
    if (form === 'variable') home.env[variable] = accessToken
    else home.env[`${variable}_FILE`] = mountSecret(home, 'token', `${accessToken}\n`)
    const before = snapshot(home.path)
    const name = 'git-credential-bitbucket-oauth'

    const answered = await home.helper('get', requestFor(BITBUCKET, { username: 'alice' }))
    const stored = await home.helper(
      'store',
      requestFor(BITBUCKET, { username: 'x-token-auth', password: accessToken }),
    )
    const token = await home.run(name, ['token', '--expiry'])
    const status = await home.run(name, ['status'])
    const doctor = await home.run(name, ['doctor', '--json'])
    const other = await home.helper('get', requestFor('https://git.acme.example'))

    t.deepEqual(parseAnswer(answered.stdout), { username: 'x-token-auth', password: accessToken })
    t.deepEqual([stored.code, stored.stdout, stored.stderr], [0, '', ''])
    t.is(token.stdout, `${accessToken}\nunknown\n`)
    t.is(status.code, 0, status.stdout)
    t.regex(
      status.stdout,
      /none is needed: git is answered with the token in GIT_CREDENTIAL_BITBUCKET_OAUTH_ACCESS_TOKEN/,
    )
    t.regex(doctor.stdout, /127\.0\.0\.1[^"]* accepts it/)
    t.deepEqual([other.code, other.stdout, other.stderr], [0, '', ''])
    t.deepEqual(snapshot(home.path), before)
  })
}

test('a finished token that the server refuses is named, so that nobody looks elsewhere', async (t) => {
  const { home } = await makeUser(t)
  home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_ACCESS_TOKEN'] = 'a token that was revoked'
  const refused = requestFor(BITBUCKET, { username: 'x-token-auth', password: 'a token that was revoked' })

  const { code, stderr } = await home.helper('erase', refused)

  t.is(code, 1)
  t.regex(stderr, /bitbucket\.org refuses the access token in GIT_CREDENTIAL_BITBUCKET_OAUTH_ACCESS_TOKEN\nhint: /)
  t.is(readFileSync(join(home.path, '.gitconfig'), 'utf8').includes('revoked'), false)
})
