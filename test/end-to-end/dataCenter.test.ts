import test, { type ExecutionContext } from 'ava'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Home } from '../helpers/home.ts'
import { freePort } from '../helpers/ports.ts'
import { takeTurn } from '../helpers/takeTurn.ts'
import { parseAnswer, requestFor } from '../helpers/user.ts'
import { DataCenter } from '../sandbox/dataCenter.ts'

const NAME = 'git-credential-bitbucket-oauth'
const LOGIN = { grantType: 'authorization_code', status: 200 }
const REFRESH = { grantType: 'refresh_token', status: 200 }

async function makePerson(t: ExecutionContext, contextPath = ''): Promise<{ home: Home; server: DataCenter }> {
  await takeTurn(t)
  const server = await DataCenter.start(`http://localhost:${await freePort()}`, contextPath)
  const home = new Home()
  const { key, secret, callback } = server.consumer
  home.configure({
    'credential.helper': 'bitbucket-oauth',
    [`credential.${server.url}.oauthProvider`]: 'bitbucket-data-center',
    [`credential.${server.url}.oauthClientId`]: key,
    [`credential.${server.url}.oauthClientSecret`]: secret,
    [`credential.${server.url}.oauthRedirectURL`]: callback,
    [`credential.${server.url}.oauthLoginTimeout`]: '60',
    ...(contextPath === '' ? {} : { [`credential.${server.url}.useHttpPath`]: 'true' }),
  })
  home.useBrowser('follow.ts')
  t.teardown(async () => {
    await server.stop()
    await home.remove()
  })
  return { home, server }
}

for (const contextPath of ['', '/bitbucket'])
  test(`Bitbucket Data Center${contextPath && ` below ${contextPath}`}: clone with a login, push and fetch, by its own endpoints and scopes`, async (t) => {
    const { home, server } = await makePerson(t, contextPath)

    const clone = await home.git('clone', '--quiet', server.repository('widgets', 'alice'), 'widgets')
    home.forbidBrowser()
    const commit = await home.git('-C', 'widgets', 'commit', '-q', '--allow-empty', '-m', 'From a data center')
    const push = await home.git('-C', 'widgets', 'push', '--quiet')
    const fetch = await home.git('-C', 'widgets', 'fetch', '--quiet')

    t.is(clone.code, 0, clone.stderr)
    for (const { code, stderr } of [commit, push, fetch]) t.deepEqual([code, stderr], [0, ''])
    t.is(server.commits('widgets')[0], 'From a data center')
    t.deepEqual(server.tokenRequests, [LOGIN])
    const [asked] = server.authorizations
    t.is(asked?.get('scope'), 'REPO_READ REPO_WRITE')
    t.is(asked?.get('code_challenge_method'), 'S256')
  })

test('Bitbucket Data Center: an ended token is refreshed, doctor finds no fault, and logout revokes', async (t) => {
  const { home, server } = await makePerson(t)
  const request = requestFor(server.url)
  const login = await home.helper('get', request)
  home.forbidBrowser()
  home.expire(server.url)

  const refreshed = await home.helper('get', request)
  const doctor = await home.run(NAME, ['doctor', '--json', server.url])
  const logout = await home.run(NAME, ['logout', server.url])

  t.is(login.code, 0, login.stderr)
  t.deepEqual([refreshed.code, refreshed.stderr], [0, ''])
  t.not(parseAnswer(refreshed.stdout)['password'], parseAnswer(login.stdout)['password'])
  t.deepEqual(server.tokenRequests.slice(0, 2), [LOGIN, REFRESH])
  t.is(doctor.code, 0, doctor.stdout)
  t.regex(logout.stdout, /confirmed that it has revoked the tokens/)
})

test('Bitbucket Data Center: its kind alone makes no host ours that a setting for all hosts names', async (t) => {
  const { home, server } = await makePerson(t)
  home.configure({ 'credential.oauthProvider': 'bitbucket-data-center', 'credential.oauthClientId': 'key' })

  const other = await home.helper('get', requestFor('https://git.acme.example'))
  home.configure({ [`credential.${server.url}.oauthProvider`]: 'gitea' })
  const unknown = await home.helper('get', requestFor(server.url))

  home.configure({ [`credential.${server.url}.oauthProvider`]: 'constructor' })
  const inherited = await home.helper('get', requestFor(server.url))

  t.deepEqual([other.code, other.stdout, other.stderr], [0, '', ''])
  t.is(inherited.stderr, unknown.stderr)
  t.is(unknown.code, 1)
  t.regex(
    unknown.stderr,
    /oauthProvider in git's configuration has to be bitbucket or bitbucket-data-center\nhint: git config/,
  )
})

for (const contextPath of ['', '/bitbucket', '/tools/bitbucket']) {
  const place = contextPath === '' ? 'at the root of its host' : `below ${contextPath}`

  test(`Bitbucket Data Center ${place}: archives, one and all of a project, and its REST interface`, async (t) => {
    const { home, server } = await makePerson(t, contextPath)
    const { url } = server

    const one = await home.run(NAME, ['archive', server.repository('widgets'), '--extract', 'out'])
    home.forbidBrowser()
    const all = await home.run(NAME, ['archive', '--workspace', 'acme', '--all', '-d', 'all', '--host', url])
    const again = await home.run(NAME, ['archive', '--workspace', 'acme', '--all', '-d', 'all', '--host', url])
    const api = await home.run(NAME, ['api', 'projects/acme/repos', '--paginate', '--host', url])
    const missing = await home.run(NAME, ['archive', 'acme/gone', '-o', '-', '--host', url])
    const doctor = await home.run(NAME, ['doctor', server.repository('widgets')])
    const typo = await home.run(NAME, ['doctor', server.repository('wigdets')])
    const downloads = await home.run(NAME, ['downloads', 'list', 'acme/widgets', '--host', url])

    t.is(one.code, 0, one.stderr)
    t.true(existsSync(join(home.path, 'work', 'out', 'README.md')))
    t.is(all.code, 0, all.stderr)
    t.is(readdirSync(join(home.path, 'work', 'all')).length, 3)
    t.deepEqual([again.code, sortLines(again.stdout)], [0, sortLines(all.stdout)])
    t.regex(all.stdout, /^all\/widgets-main@[\da-f]{12}\.tar\.gz$/m)
    t.is((JSON.parse(api.stdout) as unknown[]).length, 3)
    t.not(missing.code, 0)
    t.regex(missing.stderr, /there is no acme\/gone/)
    t.is(doctor.code, 0, doctor.stdout)
    t.regex(doctor.stdout, /opens for git too/)
    t.regex(typo.stdout, /in workspace acme it sees 2 others/)
    t.regex(downloads.stderr, /only repositories of Bitbucket Cloud have a page of downloads/)
    // Doctor tries the client with a code that was never issued.
    t.deepEqual(
      server.tokenRequests.filter(({ status }) => status === 200),
      [LOGIN],
    )
  })
}

test('a context path is the server’s: what is beside it is not ours, and gets no token', async (t) => {
  const { home, server } = await makePerson(t, '/bitbucket')
  const { origin } = new URL(server.url)
  const ask = (path: string): string => `${requestFor(origin).trimEnd()}\npath=${path}\n\n`
  const own = await home.helper('get', ask('bitbucket/scm/acme/widgets.git'))
  home.forbidBrowser()

  const beside = await home.helper('get', ask('other/scm/acme/widgets.git'))
  const above = await home.helper('get', ask('scm/acme/widgets.git'))
  const longer = await home.helper('get', ask('bitbucket2/scm/acme/widgets.git'))
  const unsent = await home.helper('get', requestFor(origin))
  const cached = await home.helper('get', ask('bitbucket/scm/acme/gadgets.git'))
  home.expire(server.url)
  const refreshed = await home.helper('get', ask('bitbucket/scm/acme/gadgets.git'))

  t.is(own.code, 0, own.stderr)
  for (const { code, stdout, stderr } of [beside, above, longer, unsent])
    t.deepEqual([code, stdout, stderr], [0, '', ''])
  t.is(cached.stdout, own.stdout)
  t.is(refreshed.code, 0, refreshed.stderr)
  t.deepEqual(server.tokenRequests, [LOGIN, REFRESH])
})

test('a context path whose repositories git does not send is told by doctor', async (t) => {
  const { home, server } = await makePerson(t, '/bitbucket')
  await home.git('config', '--global', '--unset', `credential.${server.url}.useHttpPath`)

  const doctor = await home.run(NAME, ['doctor', server.url])

  t.not(doctor.code, 0)
  t.regex(doctor.stdout, /git does not tell the path[^\n]*\n[^\n]*git config --global [^\n]*useHttpPath true/)
})

test('two servers of one host, and one at its root, each have their own login', async (t) => {
  const { home, server } = await makePerson(t, '/bitbucket')
  const { origin } = new URL(server.url)
  home.configure({
    [`credential.${origin}.oauthProvider`]: 'bitbucket-data-center',
    [`credential.${origin}.oauthClientId`]: 'another',
    [`credential.${origin}.oauthClientSecret`]: 'secret',
  })
  const own = await home.run(NAME, ['login', server.url])
  home.forbidBrowser()

  const token = await home.run(NAME, ['token', `${server.url}/projects/acme/repos/widgets`])
  const root = await home.run(NAME, ['token', origin])
  const other = await home.run(NAME, ['token', `${origin}/other/scm/acme/widgets.git`])
  const status = await home.run(NAME, ['status'])
  const logout = await home.run(NAME, ['logout', server.url])

  t.is(own.code, 0, own.stderr)
  t.is(token.code, 0, token.stderr)
  t.not(root.code, 0)
  t.not(other.code, 0)
  t.regex(status.stdout, /127\.0\.0\.1:\d+\/bitbucket/)
  t.regex(logout.stdout, /confirmed that it has revoked the tokens/)
  t.deepEqual(server.tokenRequests, [LOGIN])
})

function sortLines(text: string): string[] {
  return text.split('\n').toSorted()
}
