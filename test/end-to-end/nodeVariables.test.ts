import test, { type ExecutionContext } from 'ava'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import type { Home, Outcome } from '../helpers/home.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { makeUser, parseAnswer, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const PROGRAM = 'git-credential-bitbucket-oauth'

type User = { readonly t: ExecutionContext; readonly home: Home; readonly sandbox: Sandbox }

/** Over https, with a login: no browser, which would obey the same variables, need open. */
async function makeLoggedInUser(t: ExecutionContext): Promise<User> {
  const { home, sandbox } = await makeUser(t, { tls: true })
  await plantLogin(home, sandbox)
  return { t, home, sandbox }
}

async function refresh({ home, sandbox }: User): Promise<Outcome> {
  return home.run(PROGRAM, ['refresh', sandbox.origin])
}

/** All that carry something secret, or come near. */
const AREAS = ['http', 'https', 'net', 'tls', 'stream', 'child_process', 'timer', '*']

for (const area of AREAS) {
  test(`NODE_DEBUG=${area} prints nothing that this program sends, receives or starts`, async (t) => {
    const user = await makeLoggedInUser(t)
    const { home, sandbox } = user
    const { key, secret } = sandbox.oauth.consumer
    Object.assign(home.env, {
      NODE_DEBUG: area,
      FORCE_COLOR: '1',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `credential.${sandbox.origin}.oauthClientSecret`,
      GIT_CONFIG_VALUE_0: secret,
    })

    const outcomes = [
      await refresh(user),
      await home.run(PROGRAM, ['doctor', `${sandbox.origin}/acme/widgets.git`]),
      await home.helper('get', requestFor(sandbox.origin)),
    ]

    const basic = Buffer.from(`${key}:${secret}`).toString('base64')
    for (const { code, stderr } of outcomes) {
      t.is(code, 0, stderr)
      for (const word of [basic, secret, 'refresh_token', ...sandbox.oauth.issued])
        t.false(stderr.includes(word), 'a secret is printed')
      t.notRegex(stderr, /authorization: '|Bearer /i)
    }
  })
}

test('a login with NODE_DEBUG prints no code either', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.useBrowser('follow.ts')
  const browser = join(home.path, 'bin/quiet-browser')
  // The browser of the tests is a Node program too.
  writeFileSync(browser, `#!/bin/sh\nunset NODE_DEBUG\nexec '${home.env['BROWSER']}' "$1"\n`, { mode: 0o755 })
  Object.assign(home.env, { BROWSER: browser, NODE_DEBUG: 'http,net,child_process' })

  const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is(code, 0, stderr)
  t.notRegex(stderr, /[?&]code=|authorization: '/i)
})

test('--tls-keylog in NODE_OPTIONS writes no key of a connection', async (t) => {
  const user = await makeLoggedInUser(t)
  const file = join(user.home.path, 'keys')
  user.home.env['NODE_OPTIONS'] = `--tls-keylog=${file} --no-warnings`

  const { code, stderr } = await refresh(user)

  t.is(code, 0, stderr)
  t.false(existsSync(file))
})

test('SSLKEYLOGFILE writes no key either', async (t) => {
  const user = await makeLoggedInUser(t)
  user.home.env['SSLKEYLOGFILE'] = join(user.home.path, 'keys')

  const { code, stderr } = await refresh(user)

  t.is(code, 0, stderr)
  t.false(existsSync(user.home.env['SSLKEYLOGFILE']))
})

test('an old protocol is refused, also where NODE_OPTIONS allows it', async (t) => {
  const user = await makeLoggedInUser(t)
  const { home, sandbox } = user
  const identity = await generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  })
  let hasSpoken = false
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const
  const server = createServer({ key: identity.private, cert: identity.cert, ...old })
  server.on('secureConnection', () => (hasSpoken = true)).listen(0, 'localhost')
  await once(server, 'listening')
  t.teardown(() => server.close())
  writeFileSync(join(home.path, 'ca.pem'), identity.cert)
  const { port } = server.address() as AddressInfo
  home.configure({ [`credential.${sandbox.origin}.oauthTokenURL`]: `https://localhost:${port}/token` })
  home.env['NODE_OPTIONS'] = '--tls-min-v1.0 --tls-cipher-list=ALL:@SECLEVEL=0'

  const { code } = await refresh(user)

  t.is(code, 1)
  t.false(hasSpoken)
})

test('--use-openssl-ca and SSL_CERT_DIR make no certificate good that is not trusted', async (t) => {
  const user = await makeLoggedInUser(t)
  user.home.configure({ 'http.sslCAInfo': '' })
  Object.assign(user.home.env, { NODE_OPTIONS: '--use-openssl-ca', NODE_TLS_REJECT_UNAUTHORIZED: '0' })

  const { code, stderr } = await refresh(user)

  t.is(code, 1)
  t.regex(stderr, /its certificate is not trusted here/)
})

for (const [title, env] of [
  ['NODE_PENDING_DEPRECATION', { NODE_PENDING_DEPRECATION: '1' }],
  ['--trace-warnings', { NODE_OPTIONS: '--trace-warnings --trace-deprecation --pending-deprecation' }],
  ['OPENSSL_CONF with no such file', { OPENSSL_CONF: '/missing/openssl.cnf' }],
  ['SSL_CERT_DIR', { SSL_CERT_DIR: '/missing' }],
] as const) {
  test(`git’s user sees nothing of ${title}`, async (t) => {
    const user = await makeLoggedInUser(t)
    Object.assign(user.home.env, env)

    const { code, stderr } = await refresh(user)
    const answer = await user.home.helper('get', requestFor(user.sandbox.origin))

    t.deepEqual([code, stderr, answer.code, answer.stderr], [0, '', 0, ''])
  })
}

test('NODE_DEBUG_NATIVE, which Node obeys before us, prints no secret', async (t) => {
  const user = await makeLoggedInUser(t)
  user.home.env['NODE_DEBUG_NATIVE'] = 'TLS,HTTP2'

  const { code, stderr } = await refresh(user)

  // What is printed is searched for secrets at the end of each test.
  t.is(code, 0, stderr)
  t.regex(stderr, /TLSWrap/)
})

test('NODE_V8_COVERAGE writes no secret', async (t) => {
  const user = await makeLoggedInUser(t)
  const directory = join(user.home.path, 'coverage')
  user.home.env['NODE_V8_COVERAGE'] = directory

  const { code, stderr } = await refresh(user)

  // What is in it is searched for secrets at the end of each test.
  t.is(code, 0, stderr)
  t.not(user.home.files(directory).length, 0)
})

test('no module of NODE_PATH takes the place of one of ours', async (t) => {
  const user = await makeLoggedInUser(t)
  const directory = join(user.home.path, 'modules')
  const file = join(user.home.path, 'loaded')
  for (const name of ['open', 'node-fetch', 'tar', 'yargs', '@napi-rs/keyring']) {
    mkdirSync(join(directory, name), { recursive: true })
    writeFileSync(join(directory, name, 'index.js'), `require('fs').appendFileSync('${file}', '${name}\\n')`)
  }
  user.home.env['NODE_PATH'] = directory

  const { code, stderr } = await refresh(user)

  t.is(code, 0, stderr)
  t.false(existsSync(file))
})

test('where NODE_EXTRA_CA_CERTS names no file, the answer is right, and only an older Node says so to git’s user', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  home.env['NODE_EXTRA_CA_CERTS'] = '/missing/ca.pem'

  const { code, stdout, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is(code, 0)
  t.is(parseAnswer(stdout)['password'], String(home.record(home.runtime, sandbox.origin)['accessToken']))
  // Since Node 22 the file is read when it is needed.
  const isOlder = Number.parseInt(process.versions.node, 10) < 22
  t.regex(stderr, isOlder ? /^Warning: Ignoring extra certs from `\/missing\/ca\.pem`, load failed: [^\n]+\n$/ : /^$/)
})

test('doctor names what the environment tells Node, and says whether this program obeys', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  const harmless = join(home.path, 'harmless.cjs')
  writeFileSync(harmless, '')
  const healthy = await home.run(PROGRAM, ['doctor', sandbox.origin])
  Object.assign(home.env, {
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_DEBUG: 'net',
    NODE_OPTIONS: `--no-warnings --require ${harmless} --tls-keylog=${home.path}/keys --max-old-space-size=4096`,
    OPENSSL_CONF: '/missing/openssl.cnf',
    NODE_EXTRA_CA_CERTS: '/missing/ca.pem',
  })

  const { code, stdout } = await home.run(PROGRAM, ['doctor', '--json', sandbox.origin])

  const { findings } = JSON.parse(stdout) as { findings: { check: string; level: string; text: string }[] }
  t.notRegex(healthy.stdout, /^note +node/m)
  t.is(code, 0, stdout)
  t.deepEqual(
    findings.filter(({ check }) => check === 'node').map(({ level, text }) => `${level}: ${text}`),
    [
      'note: NODE_TLS_REJECT_UNAUTHORIZED=0 is set: other Node programs do not check certificates; this one does',
      'note: NODE_DEBUG is set: other Node programs may print passwords by it; this one prints none',
      'note: NODE_OPTIONS has --require: Node obeys it before this program begins',
      'note: NODE_OPTIONS has --tls-keylog: other Node programs obey it; this one does not',
      'note: OPENSSL_CONF is set: Node reads that file before this program begins',
      'note: NODE_EXTRA_CA_CERTS names /missing/ca.pem, which cannot be read (ENOENT): Node warns at each start',
    ],
  )
})

test('an OPENSSL_CONF that is no configuration ends Node before the program begins, with Node’s own words', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  const file = join(home.path, 'openssl.cnf')
  writeFileSync(file, 'garbage')
  home.env['OPENSSL_CONF'] = file
  const before = readFileSync(home.recordPath(home.data, sandbox.origin), 'utf8')

  const { code, stdout, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.not(code, 0)
  t.is(stdout, '')
  t.regex(stderr, /OpenSSL configuration error/)
  t.is(readFileSync(home.recordPath(home.data, sandbox.origin), 'utf8'), before)
})
