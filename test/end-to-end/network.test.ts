import test, { type ExecutionContext } from 'ava'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { makeUser, requestFor } from '../helpers/user.ts'

/** A proxy that connects, as companies have them; it notes what it was asked for. */
async function startProxy(t: ExecutionContext): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const proxy = createServer().listen(0, '127.0.0.1')
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '')
    const [host, port] = (request.url ?? '').split(':')
    const server = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      server.pipe(socket).pipe(server)
    })
    server.on('error', () => socket.destroy())
    socket.on('error', () => server.destroy())
  })
  await once(proxy, 'listening')
  t.teardown(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked }
}

test('over https, with the certificate that git’s configuration names', async (t) => {
  const { home, sandbox } = await makeUser(t, { tls: true })
  home.useBrowser('follow.ts')

  const { code, stderr } = await home.git('clone', '--quiet', sandbox.repository('widgets'))

  t.is(code, 0, stderr)
  t.regex(sandbox.origin, /^https:/)
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'authorization_code', status: 200 }])
})

test('over https, with the certificate that GIT_SSL_CAINFO names', async (t) => {
  const { home, sandbox } = await makeUser(t, { tls: true })
  home.useBrowser('follow.ts')
  home.configure({ 'http.sslCAInfo': '/dev/null' })
  home.env['GIT_SSL_CAINFO'] = `${home.path}/ca.pem`

  const { code, stderr } = await home.git('clone', '--quiet', sandbox.repository('widgets'))

  t.is(code, 0, stderr)
})

/** Each is where a system keeps its certificates, and how it is said that a company's own is among them. */
for (const [title, plant] of [
  ['the system’s bundle', (ca: string) => `mount --bind ${ca} /etc/ssl/certs/ca-certificates.crt`],
  ['http.sslCAPath', (ca: string) => `git config --global http.sslCAPath ${hashed(ca)}`],
  ['GIT_SSL_CAPATH', (ca: string) => `export GIT_SSL_CAPATH=${hashed(ca)}`],
] as const) {
  test(`a company’s certificate in ${title}: what git trusts, the login, a refresh, the API and archives trust`, async (t) => {
    const { home, sandbox } = await makeUser(t, { tls: true })
    home.useBrowser('follow.ts')
    home.configure({ 'http.sslCAInfo': '' })
    await home.git('config', '--global', '--unset-all', 'http.sslCAInfo')
    const program = 'git-credential-bitbucket-oauth'
    // git gets its token from a login, and later from a refresh.
    const script = `set -e
${plant(join(home.path, 'ca.pem'))}
git clone --quiet ${sandbox.repository('widgets')} cloned
rm -r "$XDG_RUNTIME_DIR"/*
git -C cloned fetch
${program} api repositories/acme/widgets --host ${sandbox.origin} >/dev/null
${program} archive acme/widgets --host ${sandbox.origin} --extract unpacked`

    const { code, stderr } = await home.run('unshare', ['--mount', 'sh', '-c', script])

    t.is(code, 0, stderr)
    t.deepEqual(
      sandbox.oauth.tokenRequests.map(({ status }) => status),
      [200, 200],
    )
    t.true(existsSync(join(home.path, 'work/unpacked/README.md')))
  })
}

/** Makes a directory of certificates as OpenSSL's rehash does. */
function hashed(ca: string): string {
  const directory = `${ca}.d`
  mkdirSync(directory)
  const hash = execFileSync('openssl', ['x509', '-hash', '-noout', '-in', ca], { encoding: 'utf8' }).trim()
  copyFileSync(ca, join(directory, `${hash}.0`))
  return directory
}

test('a certificate that is not trusted: the reason and the way out, and the secret is not sent', async (t) => {
  const { home, sandbox } = await makeUser(t, { tls: true })
  home.useBrowser('follow.ts')
  home.configure({ 'http.sslCAInfo': '', 'http.sslVerify': 'false' })

  const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is(code, 1)
  t.regex(stderr, /cannot be reached \(its certificate is not trusted here, [A-Z_]+\)\nhint: [^\n]*http\.sslCAInfo/)
  t.regex((await home.shownPage()).text, /its certificate is not trusted here/)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

test('NODE_TLS_REJECT_UNAUTHORIZED=0, as some set it for another program, lets no secret go to a wrong server', async (t) => {
  const { home, sandbox } = await makeUser(t, { tls: true })
  home.useBrowser('follow.ts')
  home.configure({ 'http.sslCAInfo': '' })
  home.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'

  const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

  t.is(code, 1)
  t.regex(stderr, /cannot be reached \(its certificate is not trusted here, [A-Z_]+\)/)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

for (const [title, configure] of [
  ['git’s configuration', (proxy: string) => ({ settings: { 'http.proxy': proxy }, env: {} })],
  ['the environment', (proxy: string) => ({ settings: {}, env: { HTTPS_PROXY: proxy } })],
] as const) {
  test(`through the proxy of ${title}, like git`, async (t) => {
    const { home, sandbox } = await makeUser(t, { tls: true })
    const proxy = await startProxy(t)
    const { settings, env } = configure(proxy.url)
    home.configure(settings)
    Object.assign(home.env, env)
    home.useBrowser('follow.ts')

    const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

    t.is(code, 0, stderr)
    t.deepEqual(proxy.asked, [new URL(sandbox.origin).host])
  })
}
