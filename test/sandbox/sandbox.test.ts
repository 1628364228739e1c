import test, { type ExecutionContext } from 'ava'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../helpers/home.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { makeLoggedInUser, makeUser } from '../helpers/user.ts'
import { makeSyntheticArchive } from './archives.ts'
import type { Sandbox } from './sandbox.ts'

type Asked = { sandbox: Sandbox; token: string; ask: (path: string, init?: RequestInit) => Promise<Response> }

/** A sandbox and a way to ask it something with a good token. */
async function begin(t: ExecutionContext, scopes = ['repository', 'repository:write', 'account']): Promise<Asked> {
  const { home, sandbox } = await makeLoggedInUser(t)
  const token = String(home.record(home.runtime, sandbox.origin)['accessToken'])
  sandbox.oauth.scopesOf = async (value) => (sandbox.oauth.issued.has(value) ? new Set(scopes) : undefined)
  return { sandbox, token, ask: (path, init) => fetch(`${sandbox.origin}${path}`, withToken(token, init)) }
}

function withToken(token: string, init: RequestInit = {}): RequestInit {
  return { redirect: 'manual', headers: { authorization: `Bearer ${token}` }, ...init }
}

/** The words of an error of the REST interface. */
async function readMessage(response: Response): Promise<string> {
  return ((await response.json()) as { error: { message: string } }).error.message
}

function post(sandbox: Sandbox, path: string, form: Record<string, string>, secret = sandbox.oauth.consumer.secret) {
  const basic = Buffer.from(`${sandbox.oauth.consumer.key}:${secret}`).toString('base64')
  const headers = { authorization: `Basic ${basic}` }
  return fetch(`${sandbox.origin}/site/oauth2/${path}`, { method: 'POST', headers, body: new URLSearchParams(form) })
}

test('REST: 401 tells a token that has ended from one that never was, and takes no Basic', async (t) => {
  const { sandbox, token, ask } = await begin(t)
  const asBasic = { headers: { authorization: `Basic ${Buffer.from(`x-token-auth:${token}`).toString('base64')}` } }
  sandbox.oauth.scopesOf = async () => undefined

  const ended = await ask('/2.0/user')
  const unknown = await fetch(`${sandbox.origin}/2.0/user`, withToken('made-up'))
  const basic = await fetch(`${sandbox.origin}/2.0/user`, asBasic)
  sandbox.api.settings.unauthorized = 'text'
  const plain = await ask('/2.0/user')

  t.deepEqual([ended.status, unknown.status, basic.status, plain.status], [401, 401, 401, 401])
  t.regex(await readMessage(ended), /^Access token expired/)
  t.regex(await readMessage(unknown), /^Token is invalid/)
  t.regex(await plain.text(), /^Access token expired/)
  t.deepEqual(sandbox.api.requests[0], {
    method: 'GET',
    url: '/2.0/user',
    status: 401,
    host: new URL(sandbox.origin).host,
    hasAuthorization: true,
  })
})

test('REST: the user is told to who may know, and what is gone is gone', async (t) => {
  const { ask } = await begin(t)
  const { ask: askWithout } = await begin(t, ['repository'])

  const user = await ask('/2.0/user')
  const workspaces = await ask('/2.0/user/workspaces')
  const forbidden = await askWithout('/2.0/user')

  t.like(await user.json(), { username: 'alice', type: 'user' })
  t.like(await workspaces.json(), { size: 1, values: [{ workspace: { slug: 'acme' } }] })
  t.is(forbidden.status, 403)
  t.like(await forbidden.json(), { error: { detail: { tokenResponse: ['repository'], required: ['account'] } } })
  t.is((await ask('/2.0/workspaces')).status, 410)
  t.is((await ask('/2.0/nonsense')).status, 404)
})

test('REST: repositories come in pages, each with the URL of the next', async (t) => {
  const { sandbox, ask } = await begin(t)
  sandbox.api.addRepositories(Array.from({ length: 24 }, (_, index) => `more-${index}`))
  type Page = { size: number; values: { full_name: string }[]; next?: string }

  const names: string[] = []
  for (let next: string | undefined = `${sandbox.origin}/2.0/repositories/acme`; next !== undefined;) {
    t.is(new URL(next).origin, sandbox.origin)
    const page = (await (await ask(next.slice(sandbox.origin.length))).json()) as Page
    names.push(...page.values.map((repository) => repository.full_name))
    next = page.next
  }

  t.is(names.length, 25)
  t.is(names[0], 'acme/widgets')
  t.is(sandbox.api.requests.length, 3)
  const elsewhere = await ask('/2.0/repositories/nobody')
  t.is(elsewhere.status, 404)
  t.is(await readMessage(elsewhere), "No workspace with identifier 'nobody'.")
})

test('REST and git: whom the workspace shuts out is told why', async (t) => {
  const { sandbox, token, ask } = await begin(t)
  const repository = '/2.0/repositories/acme/widgets'
  const fetchGit = () => fetch(`${sandbox.repository('widgets')}/info/refs?service=git-upload-pack`, withToken(token))

  t.like(await (await ask(repository)).json(), { full_name: 'acme/widgets', mainbranch: { name: 'main' } })
  t.is(await readMessage(await ask('/2.0/repositories/acme/absent')), 'Repository acme/absent not found')

  sandbox.access.noAccess.add('acme/widgets')
  const answers = [await ask(repository), await ask('/acme/widgets/get/main.zip'), await fetchGit()]
  t.deepEqual(
    answers.map(({ status }) => status),
    [403, 404, 404],
  )
  for (const answer of answers) t.regex(await answer.text(), /You may not have access to this repository/)

  sandbox.access.noAccess.clear()
  for (const [rule, words] of [
    ['network', /an admin must whitelist your IP/],
    ['two-step', /enable two-step authentication/],
  ] as const) {
    sandbox.access.rule = rule
    for (const answer of [await ask(repository), await ask('/2.0/repositories/acme'), await fetchGit()]) {
      t.is(answer.status, 403)
      t.regex(await answer.text(), words)
    }
  }
})

test('REST: a fault lasts for as many requests as it shall', async (t) => {
  const { sandbox, ask } = await begin(t)
  sandbox.api.settings.fault = { status: 429, body: '{}', headers: { 'retry-after': '7' }, times: 2 }

  const answers = [await ask('/2.0/user'), await ask('/2.0/user'), await ask('/2.0/user')]

  t.deepEqual(
    answers.map(({ status, headers }) => [status, headers.get('retry-after') ?? undefined]),
    [
      [429, '7'],
      [429, '7'],
      [200, undefined],
    ],
  )
})

test('REST: what is sent to a repository comes back', async (t) => {
  const { token, ask } = await begin(t)
  const issues = '/2.0/repositories/acme/widgets/issues'
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }

  const json = await ask(issues, { method: 'POST', headers, body: '{"title":"a"}' })
  const form = await ask(issues, { method: 'PUT', body: new URLSearchParams({ title: 'b' }) })
  const gone = await ask(`${issues}/1`, { method: 'DELETE' })

  t.deepEqual([json.status, await json.json()], [201, { title: 'a' }])
  t.deepEqual([form.status, await form.json()], [200, { title: 'b' }])
  t.is(gone.status, 204)
})

test('archives: Bearer leads to another origin, which takes no token; Basic leads to the login page', async (t) => {
  const { sandbox, token, ask } = await begin(t)
  const basic = `Basic ${Buffer.from(`x-token-auth:${token}`).toString('base64')}`

  for (const [format, magic] of [
    ['tar.gz', '1f8b'],
    ['zip', '504b'],
    ['tar.bz2', '425a'],
  ] as const) {
    const { status, headers } = await ask(`/acme/widgets/get/main.${format}`)
    const location = headers.get('location') ?? ''
    const archive = await fetch(location)
    t.is(status, 302)
    t.not(new URL(location).origin, sandbox.origin)
    t.regex(
      archive.headers.get('content-disposition') ?? '',
      new RegExp(`^attachment; filename="acme-widgets-[0-9a-f]{12}\\.${format}"$`),
    )
    t.is(Buffer.from(await archive.arrayBuffer()).toString('hex', 0, 2), magic)
    t.is((await fetch(location, withToken(token))).status, 400)
  }
  t.deepEqual(
    sandbox.otherOrigin.requests.map(({ status, hasAuthorization }) => [status, hasAuthorization]),
    [0, 1, 2].flatMap(() => [
      [200, false],
      [400, true],
    ]),
  )

  const signIn = await ask('/acme/widgets/get/main.zip', { headers: { authorization: basic } })
  t.is(signIn.status, 302)
  t.regex(signIn.headers.get('location') ?? '', /^\/account\/signin\//)
  t.is((await ask('/account/signin/')).headers.get('content-type'), 'text/html; charset=utf-8')
  t.is((await ask('/acme/widgets/get/absent.zip')).status, 404)
  t.is((await ask('/acme/absent/get/main.zip')).status, 404)
})

test('archives: a large one comes whole, or is cut, or stalls', async (t) => {
  const { sandbox, ask } = await begin(t)
  const size = 20_000_001
  Object.assign(sandbox.archives.settings, { redirects: false, syntheticSize: size, hasLength: false })
  const expected = createHash('sha256')
  for (const piece of makeSyntheticArchive(size)) expected.update(piece)

  const whole = await ask('/acme/widgets/get/main.tar.gz')
  t.falsy(whole.headers.get('content-length'))
  t.is(
    createHash('sha256')
      .update(Buffer.from(await whole.arrayBuffer()))
      .digest('hex'),
    expected.digest('hex'),
  )

  for (const hasLength of [true, false]) {
    Object.assign(sandbox.archives.settings, { hasLength, cutAfter: 100_000 })
    const cut = await ask('/acme/widgets/get/main.tar.gz')
    const error = await t.throwsAsync(readAll(cut))
    t.is((error as Error & { received: number }).received, 100_000)
  }

  Object.assign(sandbox.archives.settings, { cutAfter: undefined, stallAfter: 100_000 })
  const leaving = new AbortController()
  const init = { ...withToken(String([...sandbox.oauth.issued][0])), signal: leaving.signal }
  const stalled = await ask('/acme/widgets/get/main.tar.gz', init)
  const leave = (received: number): void => void (received >= 100_000 && setTimeout(() => leaving.abort(), 500))
  const error = await t.throwsAsync(readAll(stalled, leave))
  t.is((error as Error & { received: number }).received, 100_000)
})

async function readAll(response: Response, look: (received: number) => void = () => {}): Promise<void> {
  let received = 0
  try {
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      received += piece.length
      look(received)
    }
  } catch (error) {
    throw Object.assign(new Error('broken', { cause: error }), { received })
  }
}

test('downloads: what was sent is listed, comes from another origin, and can be deleted', async (t) => {
  const { ask } = await begin(t)
  const { ask: askReader } = await begin(t, ['repository'])
  const downloads = '/2.0/repositories/acme/widgets/downloads'
  const body = new FormData()
  body.append('files', new Blob(['one']), 'one.txt')
  body.append('files', new Blob(['two']), 'two more.txt')

  t.is((await ask(downloads, { method: 'POST', body })).status, 201)

  t.like(await (await ask(downloads)).json(), { size: 2, values: [{ name: 'one.txt', size: 3, downloads: 0 }] })
  const { status, headers } = await ask(`${downloads}/two%20more.txt`)
  t.is(status, 302)
  t.is(await (await fetch(headers.get('location') ?? '')).text(), 'two')
  t.is((await ask(`${downloads}/one.txt`, { method: 'DELETE' })).status, 204)
  t.is((await ask(`${downloads}/one.txt`)).status, 404)
  t.is((await ask(downloads, { method: 'POST', body: 'nothing' })).status, 400)
  t.is((await askReader(downloads, { method: 'POST', body })).status, 403)
})

test('OAuth: a code that is made up tells good credentials from wrong ones, and a missing callback URL', async (t) => {
  const { sandbox } = await begin(t)
  const form = { grant_type: 'authorization_code', code: 'made-up', redirect_uri: sandbox.oauth.consumer.callback }
  const authorize = `${sandbox.origin}/site/oauth2/authorize?response_type=code&client_id=${sandbox.oauth.consumer.key}`

  const answers = [await post(sandbox, 'access_token', form), await post(sandbox, 'access_token', form, 'wrong')]
  sandbox.oauth.settings.callback = 'empty'
  answers.push(await post(sandbox, 'access_token', form), await post(sandbox, 'access_token', form, 'wrong'))
  const page = await fetch(authorize, { redirect: 'manual' })

  const errors = answers.map(async (answer) => [answer.status, ((await answer.json()) as { error: string }).error])
  t.deepEqual(await Promise.all(errors), [
    [400, 'invalid_grant'],
    [400, 'unauthorized_client'],
    [400, 'invalid_request'],
    [400, 'unauthorized_client'],
  ])
  t.is(page.status, 400)
  t.regex(await page.text(), /No callback uri defined/)
})

for (const kind of ['access_token', 'refresh_token'] as const) {
  test(`OAuth: the revocation of ${kind === 'access_token' ? 'an access' : 'a refresh'} token ends it`, async (t) => {
    const { home, sandbox } = await makeLoggedInUser(t)
    const access = String(home.record(home.runtime, sandbox.origin)['accessToken'])
    const refresh = String(home.record(home.data, sandbox.origin)['refreshToken'])
    const token = kind === 'access_token' ? access : refresh

    const wrong = await post(sandbox, 'revoke', { token }, 'wrong')
    t.is((await sandbox.oauth.scopesOf(access))?.has('repository'), true)
    const { status } = await post(sandbox, 'revoke', { token, token_type_hint: kind })
    await post(sandbox, 'revoke', { token })
    sandbox.oauth.settings.revocation = 'absent'
    const absent = await post(sandbox, 'revoke', { token })

    t.deepEqual([wrong.status, status, absent.status], [400, 200, 404])
    t.is(await sandbox.oauth.scopesOf(access), undefined)
    t.deepEqual(sandbox.oauth.revocations, [
      { token: 'unknown', hint: '', status: 400 },
      { token: kind, hint: kind, status: 200 },
      { token: 'unknown', hint: '', status: 200 },
      { token: 'unknown', hint: '', status: 404 },
    ])
  })
}

for (const isBearer of [false, true]) {
  for (const username of [undefined, 'alice']) {
    test(`a planted login is what a real one leaves: ${username ?? 'anybody'}, ${isBearer ? 'bearer' : 'basic'}`, async (t) => {
      const { home, sandbox } = await makeUser(t)
      const { origin } = sandbox
      if (isBearer) home.configure({ [`credential.${origin}.oauthAuthType`]: 'bearer' })
      home.useBrowser('follow.ts')
      const user = username === undefined ? [] : ['--username', username]
      const login = await home.run('git-credential-bitbucket-oauth', ['login', origin, ...user])
      t.is(login.code, 0, login.stderr)
      const real = readLogin(home)
      const { storage } = sandbox.oauth
      const kinds = (): number[] => (['AccessToken', 'RefreshToken'] as const).map((kind) => storage.list(kind).length)
      t.deepEqual(kinds(), [1, 1])

      await plantLogin(home, sandbox, { isBearer, ...(username === undefined ? {} : { username }) })

      const planted = readLogin(home)
      t.deepEqual(kinds(), [2, 2])
      t.deepEqual(describe(planted), describe(real))
      t.true(planted.every((text, index) => text !== real[index]))
    })
  }
}

/** The files that hold tokens and logins, whole. */
function readLogin(home: Home): string[] {
  return [home.runtime, home.data].flatMap((directory) =>
    home.files(directory).map((name) => `${name} ${readFileSync(join(directory, name), 'utf8')}`),
  )
}

/** Without what is another each time: secrets by their lengths, and the time. */
function describe(files: readonly string[]): string[] {
  return files.map((text) =>
    text
      .replaceAll(/"(accessToken|refreshToken|id)":"([^"]+)"/g, (_, name, value: string) => `${name} ${value.length}`)
      .replaceAll(/"(generation|obtainedAt|expiresAt)":\d+/g, '$1'),
  )
}
