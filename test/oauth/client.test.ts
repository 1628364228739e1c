import test from 'ava'
import { isFailure } from '../../src/base/failure.ts'
import { isOurs, isOwnServer, mayBeOurs, readClient } from '../../src/oauth/client.ts'

const BITBUCKET = 'https://bitbucket.org'
const none = new Map<string, string>()
const consumer = new Map([
  ['oauthclientid', 'key'],
  ['oauthclientsecret', 'secret'],
])
const ownHost = new Map([
  ...consumer,
  ['oauthauthurl', 'https://git.acme.example/authorize'],
  ['oauthtokenurl', 'https://git.acme.example/token'],
])

for (const url of [
  'http://bitbucket.org',
  'https://bitbucket.org:8443',
  'https://bitbucket.org.',
  'https://evilbitbucket.org',
  'https://bitbucket.org.evil.example',
  'https://github.com',
  'https://bitbucket.org/acme',
]) {
  test(`${url} is not ours`, (t) => t.false(mayBeOurs(url) && isOurs(url, consumer, () => none)))
}

for (const url of [
  'https://bitbucket.org.',
  'https://a/b/',
  'https://a/b/../c',
  'https://a/b?c',
  'https://a/b%2Fc',
  'https://a./b',
  'https://a b',
  'https://user@a',
  'http://192.168.1.1',
  'ftp://a',
  'https://',
  'x',
]) {
  test(`${url} could never be ours`, (t) => t.false(mayBeOurs(url)))
}

for (const url of [
  'http://localhost:7990',
  'http://127.0.0.1:1',
  'http://[::1]:1',
  'https://git.acme.example:8443',
  'https://git.acme.example/b',
]) {
  test(`${url} is ours where the user configured it so`, (t) => {
    t.true(mayBeOurs(url))
    t.true(isOurs(url, ownHost, () => none))
  })
}

for (const key of ['oauthclientid', 'oauthauthurl', 'oauthtokenurl']) {
  test(`another host is not ours without ${key}`, (t) => {
    const settings = new Map([...ownHost].filter(([name]) => name !== key))

    t.false(isOurs('https://git.acme.example', settings, () => none))
  })

  test(`another host is not ours where ${key} was set for every host`, (t) => {
    const general = new Map([...ownHost].filter(([name]) => name === key))

    t.false(isOurs('https://git.acme.example', ownHost, () => general))
  })
}

test('a path is a server of its own where something is configured for it alone', (t) => {
  const other = new Map([...ownHost, ['oauthclientid', 'other']])

  t.true(isOwnServer(ownHost, none))
  t.true(isOwnServer(other, ownHost))
  t.false(isOwnServer(ownHost, ownHost))
  t.false(isOwnServer(new Map([['oauthclientid', 'x']]), none))
})

test('Bitbucket is ours without any configuration', (t) => {
  t.true(mayBeOurs(BITBUCKET))
  t.true(isOurs(BITBUCKET, none, () => none))
})

test('Bitbucket’s endpoints and the tutorial’s callback URL are the default', (t) => {
  const client = readClient(BITBUCKET, consumer, {})

  t.is(client.authorizationEndpoint.href, 'https://bitbucket.org/site/oauth2/authorize')
  t.is(client.tokenEndpoint.href, 'https://bitbucket.org/site/oauth2/access_token')
  t.is(client.redirectUri, 'http://localhost:8976')
  t.is(client.scope, undefined)
})

test('a redirect URI is kept to the letter', (t) => {
  const settings = new Map([...consumer, ['oauthredirecturl', 'http://LOCALHOST:9000/./callback']])

  t.is(readClient(BITBUCKET, settings, {}).redirectUri, 'http://LOCALHOST:9000/./callback')
})

test('blanks around key and secret are dropped', (t) => {
  const settings = new Map([
    ['oauthclientid', ' key\n'],
    ['oauthclientsecret', '\tsecret '],
  ])

  const { clientId, clientSecret } = readClient(BITBUCKET, settings, {})

  t.deepEqual({ clientId, clientSecret }, { clientId: 'key', clientSecret: 'secret' })
})

const variables = {
  GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID: 'key of CI',
  GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET: 'secret of CI',
}

test('environment variables come before the configuration', (t) => {
  const { clientId, clientSecret } = readClient(BITBUCKET, consumer, variables)

  t.deepEqual({ clientId, clientSecret }, { clientId: 'key of CI', clientSecret: 'secret of CI' })
})

test('environment variables hold for Bitbucket alone', (t) => {
  t.is(readClient('https://git.acme.example', ownHost, variables).clientSecret, 'secret')
})

for (const [title, settings, message, hinted] of [
  [
    'no consumer',
    none,
    'no OAuth consumer is configured for https://bitbucket.org, so there is no way to log in',
    'git credential-bitbucket-oauth setup',
  ],
  [
    'no secret',
    new Map([['oauthclientid', 'key']]),
    'the OAuth consumer has no secret configured for https://bitbucket.org, so there is no way to log in',
    'git credential-bitbucket-oauth setup',
  ],
] as const) {
  test(`${title}: a sentence and the way out`, (t) => {
    const error = t.throws(() => readClient(BITBUCKET, settings, {}))

    t.true(isFailure(error) && error.code === 'not_configured')
    t.is(error.message, message)
    t.true(isFailure(error) && error.hints.some((hint) => hint.includes(hinted)))
  })
}

for (const [key, value] of [
  ['oauthauthurl', 'http://bitbucket.org/authorize'],
  ['oauthtokenurl', 'http://evil.example/token'],
  ['oauthtokenurl', 'https://user:password@bitbucket.org/token'],
  ['oauthtokenurl', 'token'],
  ['oauthredirecturl', 'https://localhost:8976'],
  ['oauthredirecturl', 'http://evil.example:8976'],
  ['oauthredirecturl', 'http://localhost:8976/#fragment'],
  ['oauthredirecturl', 'http://localhost.evil.example:8976'],
  ['oauthredirecturl', 'http://127.0.0.1.evil.example'],
  ['oauthredirecturl', 'http://localhost:0'],
] as const) {
  test(`${key} = ${value} is refused`, (t) => {
    const error = t.throws(() => readClient(BITBUCKET, new Map([...consumer, [key, value]]), {}))

    t.true(isFailure(error) && error.code === 'not_configured')
    t.false(error.message.includes(value))
  })
}
