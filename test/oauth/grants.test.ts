import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { isFailure } from '../../src/base/failure.ts'
import type { Client } from '../../src/oauth/client.ts'
import { mayRefuseRefreshToken } from '../../src/oauth/errorCodes.ts'
import { exchangeCode, refreshAccessToken, startAuthorization } from '../../src/oauth/grants.ts'
import { readText, serve } from '../helpers/server.ts'

const DIRECT = { proxy: undefined, certificateFiles: [] }
const GRANTED = {
  access_token: 'new access token',
  scopes: 'repository',
  token_type: 'bearer',
  expires_in: 7200,
  state: 'authorization_code',
  refresh_token: 'new refresh token',
}

type Request = { authorization: string | undefined; type: string | undefined; form: Record<string, string> }

/** What the server's clock shows. */
const DATE = 'Mon, 23 Nov 2026 12:00:00 GMT'
const serverTime = Date.parse(DATE) / 1000

/** A token endpoint that answers as it is told, and notes what it was asked. */
async function makeEndpoint(
  t: ExecutionContext,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ client: Client; requests: Request[] }> {
  const requests: Request[] = []
  const url = await serve(t, async (request, response) => {
    const form = Object.fromEntries(new URLSearchParams(await readText(request)))
    requests.push({ authorization: request.headers.authorization, type: request.headers['content-type'], form })
    response.writeHead(status, { 'content-type': 'application/json', date: DATE, ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  return { client: makeClient(new URL('/token', url)), requests }
}

function makeClient(tokenEndpoint: URL): Client {
  return {
    grant: 'authorization_code',
    product: 'cloud',
    authenticatesBy: 'header',
    clientId: 'key',
    clientSecret: 'se-cr_et',
    secretSource: 'configuration',
    issuer: 'https://bitbucket.org',
    authorizationEndpoint: new URL('https://bitbucket.org/site/oauth2/authorize'),
    tokenEndpoint,
    revocationEndpoint: new URL('https://bitbucket.org/site/oauth2/revoke'),
    apiUrl: undefined,
    redirectUri: 'http://localhost:8976',
    scope: undefined,
  }
}

test('an authorization request says what RFC 6749 and RFC 7636 ask for, and nothing secret', async (t) => {
  const client = makeClient(new URL('https://bitbucket.org/token'))

  const { url, state, codeVerifier } = await startAuthorization(client, client.redirectUri)

  t.true(url.href.startsWith('https://bitbucket.org/site/oauth2/authorize?client_id=key&response_type=code&'))
  t.is(url.searchParams.get('redirect_uri'), 'http://localhost:8976')
  t.is(url.searchParams.get('state'), state)
  t.is(url.searchParams.get('code_challenge_method'), 'S256')
  t.is(url.searchParams.get('scope'), null)
  t.false(url.href.includes(codeVerifier))
  t.false(url.href.includes(client.clientSecret))
})

test('a scope is sent where one is configured', async (t) => {
  const client = { ...makeClient(new URL('https://bitbucket.org/token')), scope: 'repository account' }

  const { url } = await startAuthorization(client, client.redirectUri)

  t.is(url.searchParams.get('scope'), 'repository account')
})

test('no two logins share a state or a verifier', async (t) => {
  const client = makeClient(new URL('https://bitbucket.org/token'))
  const logins = await Promise.all(Array.from({ length: 100 }, () => startAuthorization(client, client.redirectUri)))

  t.is(new Set(logins.map(({ state }) => state)).size, 100)
  t.is(new Set(logins.map(({ codeVerifier }) => codeVerifier)).size, 100)
})

test('a code is exchanged as a form, with Basic authentication and the verifier', async (t) => {
  const { client, requests } = await makeEndpoint(t, 200, GRANTED)
  const authorization = await startAuthorization(client, client.redirectUri)

  const tokenResponse = await exchangeCode(
    client,
    authorization,
    new URLSearchParams({ code: 'the code', state: authorization.state }),
    DIRECT,
  )

  t.deepEqual(tokenResponse, {
    accessToken: 'new access token',
    refreshToken: 'new refresh token',
    expiresIn: 7200,
    scopes: 'repository',
    serverTime,
  })
  t.deepEqual(requests, [
    {
      authorization: `Basic ${Buffer.from('key:se-cr_et').toString('base64')}`,
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      form: {
        grant_type: 'authorization_code',
        code: 'the code',
        redirect_uri: 'http://localhost:8976',
        code_verifier: authorization.codeVerifier,
      },
    },
  ])
})

test('state and code of another login are never accepted, nor sent', async (t) => {
  const { client, requests } = await makeEndpoint(t, 200, GRANTED)
  const authorization = await startAuthorization(client, client.redirectUri)

  await t.notThrowsAsync(
    fc.assert(
      fc.asyncProperty(fc.string(), fc.string({ minLength: 1 }), async (state, code) => {
        const response = new URLSearchParams({ code, state })
        const error: unknown = await exchangeCode(client, authorization, response, DIRECT).catch((e: unknown) => e)
        if (!isFailure(error)) throw new Error(`accepted: ${JSON.stringify([state, code])}`)
      }),
    ),
  )
  t.deepEqual(requests, [])
})

for (const [error, code, description, message] of [
  ['access_denied', 'access_denied', 'The user said no', 'access was denied in the browser, so there is no token'],
  ['server_error', 'login_failed', 'Down for the day.', 'the login was refused: Down for the day (server_error)'],
  ['invalid_scope', 'login_failed', '', 'the login was refused: invalid_scope'],
] as const) {
  test(`${error} in the browser is told in words, and nothing is sent`, async (t) => {
    const { client, requests } = await makeEndpoint(t, 200, GRANTED)
    const authorization = await startAuthorization(client, client.redirectUri)
    const response = new URLSearchParams({ error, state: authorization.state })
    if (description !== '') response.set('error_description', description)

    const failure = await t.throwsAsync(exchangeCode(client, authorization, response, DIRECT))

    t.is(failure.message, message)
    t.true(isFailure(failure) && failure.code === code)
    t.deepEqual(requests, [])
  })
}

test('an empty code belongs to no login, and is not sent', async (t) => {
  const { client, requests } = await makeEndpoint(t, 200, GRANTED)
  const authorization = await startAuthorization(client, client.redirectUri)
  const response = new URLSearchParams({ code: '', state: authorization.state })

  const failure = await t.throwsAsync(exchangeCode(client, authorization, response, DIRECT))

  t.true(isFailure(failure))
  t.deepEqual(requests, [])
})

test('an answer with status 201 is as good as one with 200', async (t) => {
  const { client } = await makeEndpoint(t, 201, GRANTED)

  t.is((await refreshAccessToken(client, 'old', DIRECT)).refreshToken, 'new refresh token')
})

test('a refresh sends the refresh token, and returns the new one', async (t) => {
  const { client, requests } = await makeEndpoint(t, 200, GRANTED)

  const tokenResponse = await refreshAccessToken(client, 'old refresh token', DIRECT)

  t.is(tokenResponse.refreshToken, 'new refresh token')
  t.deepEqual(requests[0]?.form, { grant_type: 'refresh_token', refresh_token: 'old refresh token' })
})

for (const [title, change, expected] of [
  ['no new refresh token', { refresh_token: undefined }, { refreshToken: undefined }],
  ['an empty refresh token', { refresh_token: '' }, { refreshToken: undefined }],
  ['no expires_in', { expires_in: undefined }, { expiresIn: 7200 }],
  ['a lifetime in a string', { expires_in: '3600' }, { expiresIn: 3600 }],
  ['a lifetime that is no number', { expires_in: 'soon' }, { expiresIn: 7200 }],
  ['a negative lifetime', { expires_in: -1 }, { expiresIn: 7200 }],
  ['a lifetime beyond all bounds', { expires_in: 1e300 }, { expiresIn: 7200 }],
  ['a refresh token that is none', { refresh_token: 'a\nb' }, { refreshToken: undefined }],
  ['no token_type', { token_type: undefined }, {}],
  ['a token_type in capitals', { token_type: 'Bearer' }, {}],
  ['scope as a list', { scope: ['repository'] }, {}],
  ['scope in place of scopes', { scope: 'account', scopes: undefined }, { scopes: 'account' }],
  ['no word of scopes', { scopes: undefined }, { scopes: undefined }],
  ['an id_token that is none', { id_token: 'x' }, {}],
] as const) {
  test(`a token response with ${title} is not lost`, async (t) => {
    const { client } = await makeEndpoint(t, 200, { ...GRANTED, ...change })

    t.deepEqual(await refreshAccessToken(client, 'old', DIRECT), {
      accessToken: 'new access token',
      refreshToken: 'new refresh token',
      expiresIn: 7200,
      scopes: 'repository',
      serverTime,
      ...expected,
    })
  })
}

test('a server that does not say what its clock shows is believed without it', async (t) => {
  const { client } = await makeEndpoint(t, 200, GRANTED, { date: 'today' })

  t.is((await refreshAccessToken(client, 'old', DIRECT)).serverTime, undefined)
})

for (const [status, body, code, ends] of [
  [
    400,
    { error: 'unauthorized_client', error_description: 'Invalid OAuth client credentials' },
    'unauthorized_client',
    true,
  ],
  [400, { error: 'invalid_grant', error_description: 'The specified code is not valid.' }, 'invalid_grant', true],
  [400, { error: 'invalid_client' }, 'invalid_client', true],
  [401, { error: 'invalid_client' }, 'invalid_client', true],
  [
    400,
    { error: 'invalid_request', error_description: 'No callback uri defined for the OAuth client.' },
    'invalid_request',
    false,
  ],
  [400, { error: 'unsupported_grant_type' }, 'unsupported_grant_type', false],
  [400, { error: 'temporarily_unavailable' }, 'unreachable', false],
  [400, '<html>', 'unreachable', false],
  [400, [], 'unreachable', false],
  [401, 'Unauthorized', 'unreachable', false],
  [401, { message: 'gateway' }, 'unreachable', false],
  [403, { error: 'invalid_grant' }, 'unreachable', false],
  [404, '', 'unreachable', false],
  [429, { error: 'invalid_grant' }, 'unreachable', false],
  [500, { error: 'invalid_grant' }, 'unreachable', false],
  [503, '<html>', 'unreachable', false],
  [302, '', 'unreachable', false],
  [200, '<html>', 'unreachable', false],
  [200, '{"access_token":', 'unreachable', false],
  [200, {}, 'unreachable', false],
  [200, { ...GRANTED, access_token: '', refresh_token: undefined }, 'unreachable', false],
  [200, { ...GRANTED, access_token: 'a\nb', refresh_token: undefined }, 'unreachable', false],
  [200, { ...GRANTED, access_token: 1, refresh_token: undefined }, 'unreachable', false],
] as const) {
  test(`HTTP ${status} ${JSON.stringify(body)} ${ends ? 'refuses' : 'does not refuse'} a refresh token`, async (t) => {
    const { client, requests } = await makeEndpoint(t, status, body, { location: 'http://127.0.0.1:1/elsewhere' })

    const error = await t.throwsAsync(refreshAccessToken(client, 'a refresh token', DIRECT))

    t.true(isFailure(error))
    t.is(isFailure(error) ? error.code : '', code)
    t.is(isFailure(error) && mayRefuseRefreshToken(error.code), ends)
    t.is(requests.length, 1)
    t.false(JSON.stringify(error).includes('se-cr_et'))
  })
}

for (const accessToken of [undefined, '', 'a\nb', 1]) {
  test(`a refresh token without an access token is none the less an answer: ${JSON.stringify(accessToken)}`, async (t) => {
    const { client } = await makeEndpoint(t, 200, { ...GRANTED, access_token: accessToken })

    const response = await refreshAccessToken(client, 'a refresh token', DIRECT)

    t.like(response, { accessToken: undefined, refreshToken: GRANTED.refresh_token })
  })
}

type Reply = { readonly status: number; readonly body: string; readonly headers: Readonly<Record<string, string>> }

/** A token endpoint that answers each time as it is told then. */
async function makeBusyEndpoint(
  t: ExecutionContext,
  reply: () => Reply,
): Promise<{ client: Client; tries: () => number }> {
  let tries = 0
  const url = await serve(t, async (_, response) => {
    tries += 1
    const { status, body, headers } = reply()
    response.writeHead(status, headers).end(body)
  })
  return { client: makeClient(new URL('/token', url)), tries: () => tries }
}

for (const [status, delay] of [
  [429, '0'],
  [503, '1'],
  [503, () => new Date(Date.now() + 1000).toUTCString()],
] as const) {
  test(`a server that is busy (${status}) and says when to come again, ${typeof delay === 'string' ? `in ${delay} seconds` : 'by a date'}, is asked again then`, async (t) => {
    const waits: (string | (() => string))[] = [delay, delay]
    const { client, tries } = await makeBusyEndpoint(t, () => {
      const wait = waits.shift()
      if (wait === undefined)
        return { status: 200, body: JSON.stringify(GRANTED), headers: { 'content-type': 'application/json' } }
      return { status, body: 'busy', headers: { 'retry-after': typeof wait === 'string' ? wait : wait() } }
    })

    const { accessToken } = await refreshAccessToken(client, 'refresh', DIRECT)

    t.is(accessToken, GRANTED.access_token)
    t.is(tries(), 3)
  })
}

for (const [title, status, headers] of [
  ['for longer than git would wait', 503, { 'retry-after': '21' }],
  ['without saying when', 503, {}],
  ['in words that are none', 429, { 'retry-after': 'later' }],
  ['by a status that may have spent the token', 502, { 'retry-after': '0' }],
] as const) {
  test(`a server that is busy ${title} is not asked again`, async (t) => {
    const { client, tries } = await makeBusyEndpoint(t, () => ({ status, body: 'busy', headers }))

    const error = await t.throwsAsync(refreshAccessToken(client, 'refresh', DIRECT))

    t.regex(error.message, /gave no usable answer/)
    t.is(tries(), 1)
  })
}
