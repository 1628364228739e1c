import test, { type ExecutionContext } from 'ava'
import { Home } from '../helpers/home.ts'
import { freePort } from '../helpers/ports.ts'
import { takeTurn } from '../helpers/takeTurn.ts'
import { parseAnswer, requestFor } from '../helpers/user.ts'
import { DataCenter } from '../sandbox/dataCenter.ts'

const NAME = 'git-credential-bitbucket-oauth'
const LOGIN = { grantType: 'authorization_code', status: 200 }
const REFRESH = { grantType: 'refresh_token', status: 200 }

async function makePerson(t: ExecutionContext): Promise<{ home: Home; server: DataCenter }> {
  await takeTurn(t)
  const server = await DataCenter.start(`http://localhost:${await freePort()}`)
  const home = new Home()
  const { key, secret, callback } = server.consumer
  home.configure({
    'credential.helper': 'bitbucket-oauth',
    [`credential.${server.origin}.oauthProvider`]: 'bitbucket-data-center',
    [`credential.${server.origin}.oauthClientId`]: key,
    [`credential.${server.origin}.oauthClientSecret`]: secret,
    [`credential.${server.origin}.oauthRedirectURL`]: callback,
    [`credential.${server.origin}.oauthLoginTimeout`]: '60',
  })
  home.useBrowser('follow.ts')
  t.teardown(async () => {
    await server.stop()
    await home.remove()
  })
  return { home, server }
}

test('Bitbucket Data Center: clone with a login, push and fetch, by its own endpoints and scopes', async (t) => {
  const { home, server } = await makePerson(t)

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
  const request = requestFor(server.origin)
  const login = await home.helper('get', request)
  home.forbidBrowser()
  home.expire(server.origin)

  const refreshed = await home.helper('get', request)
  const doctor = await home.run(NAME, ['doctor', '--json', server.origin])
  const logout = await home.run(NAME, ['logout', server.origin])

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
  home.configure({ [`credential.${server.origin}.oauthProvider`]: 'gitea' })
  const unknown = await home.helper('get', requestFor(server.origin))

  home.configure({ [`credential.${server.origin}.oauthProvider`]: 'constructor' })
  const inherited = await home.helper('get', requestFor(server.origin))

  t.deepEqual([other.code, other.stdout, other.stderr], [0, '', ''])
  t.is(inherited.stderr, unknown.stderr)
  t.is(unknown.code, 1)
  t.regex(
    unknown.stderr,
    /oauthProvider in git's configuration has to be bitbucket or bitbucket-data-center\nhint: git config/,
  )
})

test('Bitbucket Data Center: what is made for Bitbucket Cloud alone says so', async (t) => {
  const { home, server } = await makePerson(t)

  const archive = await home.run(NAME, ['archive', 'acme/widgets', '-o', '-', '--host', server.origin])
  const api = await home.run(NAME, ['api', '/x', '--host', server.origin])

  t.not(archive.code, 0)
  t.regex(archive.stderr, /archives of Bitbucket Data Center/)
  t.not(api.code, 0)
  t.regex(api.stderr, /the address of the API of [^\n]+ is not configured/)
  t.deepEqual(server.tokenRequests, [])
})
