import test, { type ExecutionContext } from 'ava'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { newestGit } from '../helpers/gits.ts'
import type { Home } from '../helpers/home.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { PROXY_USER, startHttpProxy, startSocksProxy, startTlsProxy } from '../helpers/proxies.ts'
import { makeUser } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const NAME = 'git-credential-bitbucket-oauth'
const USER = `${PROXY_USER.name}:${encodeURIComponent(PROXY_USER.password)}`

type Proxies = { readonly [name: string]: number }

/** All kinds of proxies on this machine, by their ports. */
async function startProxies(t: ExecutionContext, home: Home): Promise<Proxies> {
  const directory = join(home.path, 'tmp')
  mkdirSync(directory)
  const [http, httpAuth, socks, socksAuth] = [
    await startHttpProxy(t, directory, false),
    await startHttpProxy(t, directory, true),
    await startSocksProxy(t, false),
    await startSocksProxy(t, true),
  ]
  const tls = await startTlsProxy(t, directory, http)
  home.configure({ 'http.proxySSLCAInfo': tls.certificateFile })
  return { http, httpAuth, socks, socksAuth, tls: tls.port, none: 1 }
}

/** A proxy as it is configured, and whether git gets through. */
const FORMS: readonly (readonly [title: string, proxy: (ports: Proxies) => string, gets: boolean])[] = [
  ['http', ({ http }) => `http://127.0.0.1:${http}`, true],
  ['no scheme', ({ http }) => `127.0.0.1:${http}`, true],
  ['http, a password that nobody asked for', ({ http }) => `http://${USER}@127.0.0.1:${http}`, true],
  ['http, the right password', ({ httpAuth }) => `http://sandbox:to_the_net@127.0.0.1:${httpAuth}`, true],
  ['http, a wrong password', ({ httpAuth }) => `http://sandbox:wrong@127.0.0.1:${httpAuth}`, false],
  ['http, a percent sign in the password', ({ httpAuth }) => `http://sandbox:100%@127.0.0.1:${httpAuth}`, false],
  ['http, no password', ({ httpAuth }) => `http://127.0.0.1:${httpAuth}`, false],
  ['https', ({ tls }) => `https://localhost:${tls}`, true],
  ['https, by plain http', ({ tls }) => `http://localhost:${tls}`, false],
  ['socks5', ({ socks }) => `socks5://127.0.0.1:${socks}`, true],
  ['socks5h', ({ socks }) => `socks5h://127.0.0.1:${socks}`, true],
  ['socks5h, the right password', ({ socksAuth }) => `socks5h://${USER}@127.0.0.1:${socksAuth}`, true],
  ['socks5, a wrong password', ({ socksAuth }) => `socks5://sandbox:wrong@127.0.0.1:${socksAuth}`, false],
  ['socks5h, no password', ({ socksAuth }) => `socks5h://127.0.0.1:${socksAuth}`, false],
  // It knows version 5 alone.
  ['socks4a', ({ socks }) => `socks4a://127.0.0.1:${socks}`, false],
  ['nobody listens', ({ none }) => `http://127.0.0.1:${none}`, false],
]

/** Whether git alone gets through: with a token of its own, and no helper. */
async function gitGetsThrough({ home, sandbox, proxy }: Try): Promise<boolean> {
  const { accessToken } = await sandbox.oauth.grant()
  const url = new URL(sandbox.repository('widgets'))
  Object.assign(url, { username: 'x-token-auth', password: accessToken })
  const args = ['-c', 'credential.helper=', '-c', `http.proxy=${proxy}`, 'ls-remote', url.href]
  // The curl of Debian 12 waits two minutes for what it has read already behind an https proxy.
  const git = proxy.startsWith('https:') ? join(newestGit().directory ?? '', 'git') : 'git'
  return (await home.run(git, args)).code === 0
}

type Try = { readonly home: Home; readonly sandbox: Sandbox; readonly proxy: string }

test('through each proxy that git gets through, so do a refresh and an archive; where git does not, neither do they', async (t) => {
  const { home, sandbox } = await makeUser(t, { tls: true })
  await plantLogin(home, sandbox)
  const ports = await startProxies(t, home)
  const table: (readonly [string, boolean, boolean, boolean])[] = []

  for (const [title, write, expected] of FORMS) {
    const proxy = write(ports)
    home.env['GIT_CONFIG_COUNT'] = '1'
    home.env['GIT_CONFIG_KEY_0'] = 'http.proxy'
    home.env['GIT_CONFIG_VALUE_0'] = proxy
    const refresh = await home.run(NAME, ['refresh', sandbox.origin])
    const archive = await home.run(NAME, ['archive', 'acme/widgets', '-o', '-', '--host', sandbox.origin])
    for (const name of ['COUNT', 'KEY_0', 'VALUE_0']) delete home.env[`GIT_CONFIG_${name}`]

    const row = [title, await gitGetsThrough({ home, sandbox, proxy }), refresh.code === 0, archive.code === 0] as const
    table.push(row)
    t.log(row.join(' '))
    t.deepEqual(row, [title, expected, expected, expected], refresh.stderr)
    if (!expected) t.regex(refresh.stderr, /proxy/)
    t.notRegex(refresh.stderr, /bug|wrong|to%20the%20net|to_the_net/)
  }
  t.is(table.length, FORMS.length)
})

for (const [title, write] of [
  ['an http proxy', ({ httpAuth }: Proxies) => `http://sandbox:to_the_net@127.0.0.1:${httpAuth}`],
  ['an https proxy', ({ tls }: Proxies) => `https://localhost:${tls}`],
  ['a SOCKS proxy', ({ socksAuth }: Proxies) => `socks5h://${USER}@127.0.0.1:${socksAuth}`],
] as const) {
  test(`a clone with a login in the browser goes through ${title}, and so do a fetch and an archive after the token’s end`, async (t) => {
    // Through an https proxy, Debian 12's own curl waits for what it has read already.
    const { home, sandbox } = await makeUser(t, { tls: true, git: newestGit() })
    home.useBrowser('follow.ts')
    home.env['ALL_PROXY'] = write(await startProxies(t, home))

    const clone = await home.git('clone', '--quiet', sandbox.repository('widgets'))
    home.forbidBrowser()
    home.expire(sandbox.origin)
    const fetch = await home.git('-C', 'widgets', 'fetch', '--quiet')
    const archive = await home.run(NAME, ['archive', 'acme/widgets', '-o', '-', '--host', sandbox.origin])

    for (const { code, stderr } of [clone, fetch, archive]) t.is(code, 0, stderr)
    t.deepEqual(
      sandbox.oauth.tokenRequests.map(({ grantType }) => grantType),
      ['authorization_code', 'refresh_token'],
    )
  })
}

test('NO_PROXY keeps a host from a proxy, by the network that it is in', async (t) => {
  const { home, sandbox } = await makeUser(t, { tls: true })
  await plantLogin(home, sandbox)
  Object.assign(home.env, { ALL_PROXY: 'socks5h://127.0.0.1:1', NO_PROXY: '10.0.0.0/8, localhost' })

  const { code, stderr } = await home.run(NAME, ['refresh', sandbox.origin])

  t.is(code, 0, stderr)
})
