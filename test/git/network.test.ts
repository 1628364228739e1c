import test from 'ava'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isFailure } from '../../src/base/failure.ts'
import { readSettings } from '../../src/git/config.ts'
import { findPath, readNetwork } from '../../src/git/network.ts'
import { Home } from '../helpers/home.ts'

const ENDPOINT = new URL('https://bitbucket.org/site/oauth2/access_token')
const PROXY = 'http://proxy.acme.example:3128/'

/** Any file. */
const THERE = process.execPath

for (const [title, settings, env, expected] of [
  ['nothing is configured', {}, {}, undefined],
  ['http.proxy is set', { 'http.proxy': PROXY }, {}, PROXY],
  ['http.proxy has no scheme', { 'http.proxy': 'proxy.acme.example:3128' }, {}, PROXY],
  ['http.proxy is set for Bitbucket', { 'http.https://bitbucket.org.proxy': PROXY }, {}, PROXY],
  ['http.proxy is set for another host', { 'http.https://example.org.proxy': PROXY }, {}, undefined],
  ['http.proxy is empty', { 'http.proxy': '' }, { HTTPS_PROXY: PROXY }, undefined],
  ['http.proxy and HTTPS_PROXY are set', { 'http.proxy': PROXY }, { HTTPS_PROXY: 'http://other' }, PROXY],
  ['HTTPS_PROXY is set', {}, { HTTPS_PROXY: PROXY }, PROXY],
  ['HTTPS_PROXY has no scheme', {}, { HTTPS_PROXY: 'proxy.acme.example:3128' }, PROXY],
  ['https_proxy is set', {}, { https_proxy: PROXY }, PROXY],
  ['ALL_PROXY is set', {}, { ALL_PROXY: PROXY }, PROXY],
  ['HTTP_PROXY is set', {}, { HTTP_PROXY: PROXY }, undefined],
  ['NO_PROXY names Bitbucket', { 'http.proxy': PROXY }, { NO_PROXY: 'example.org, Bitbucket.org' }, undefined],
  ['NO_PROXY names a domain above', { 'http.proxy': PROXY }, { NO_PROXY: '.org' }, undefined],
  ['NO_PROXY is a star', { 'http.proxy': PROXY }, { no_proxy: '*' }, undefined],
  ['NO_PROXY names a part of a name', { 'http.proxy': PROXY }, { NO_PROXY: 'bucket.org' }, PROXY],
] as const) {
  test(`the proxy where ${title}`, (t) => {
    const home = new Home()
    t.teardown(() => home.remove())
    home.configure(settings)

    t.is(readNetwork(ENDPOINT, { ...home.env, ...env }).proxy?.href, expected)
  })
}

for (const [written, read] of [
  ['proxy.acme.example', 'http://proxy.acme.example:1080/'],
  ['http://proxy.acme.example', 'http://proxy.acme.example:1080/'],
  ['http://proxy.acme.example:80', 'http://proxy.acme.example/'],
  ['https://proxy.acme.example', 'https://proxy.acme.example/'],
  ['socks5h://alice:pass%20word@proxy.acme.example', 'socks5h://alice:pass%20word@proxy.acme.example:1080'],
  ['SOCKS://127.0.0.1:9050', 'socks4://127.0.0.1:9050'],
  ['socks5://[::1]', 'socks5://[::1]:1080'],
] as const) {
  test(`a proxy is read as curl reads it: ${written}`, (t) => {
    const home = new Home()
    t.teardown(() => home.remove())

    t.is(readNetwork(ENDPOINT, { ...home.env, HTTPS_PROXY: written }).proxy?.href, read)
  })
}

for (const proxy of ['ftp://127.0.0.1:1080', 'socks6://127.0.0.1:3128', 'http://', 'not a url']) {
  test(`a proxy that cannot be used is refused: ${proxy}`, (t) => {
    const home = new Home()
    t.teardown(() => home.remove())

    const error = t.throws(() => readNetwork(ENDPOINT, { ...home.env, HTTPS_PROXY: proxy }))

    t.true(isFailure(error) && error.code === 'unreachable')
    t.regex(error.message, /^the proxy that is configured is no URL of http, https, socks4,/)
  })
}

for (const [title, settings, env, expected] of [
  ['nothing is configured', {}, {}, []],
  ['Node trusts its own file', {}, { NODE_EXTRA_CA_CERTS: '/a' }, []],
  ['all name the same file', { 'http.sslCAInfo': THERE }, { NODE_EXTRA_CA_CERTS: THERE, SSL_CERT_FILE: THERE }, []],
  ['Node’s own file is missing', { 'http.sslCAInfo': '/a' }, { NODE_EXTRA_CA_CERTS: '/missing' }, ['/a']],
  ['http.sslCAInfo is set', { 'http.sslCAInfo': '/a' }, {}, ['/a']],
  ['http.sslCAInfo is relative', { 'http.sslCAInfo': 'a' }, {}, []],
  ['GIT_SSL_CAINFO is set too', { 'http.sslCAInfo': '/a' }, { GIT_SSL_CAINFO: '/b' }, ['/b']],
  [
    'each is another file',
    { 'http.sslCAInfo': '/a' },
    { NODE_EXTRA_CA_CERTS: THERE, SSL_CERT_FILE: '/c' },
    ['/a', '/c', THERE],
  ],
] as const) {
  test(`the certificates where ${title}`, (t) => {
    const home = new Home()
    t.teardown(() => home.remove())
    home.configure(settings)

    t.deepEqual(readNetwork(ENDPOINT, { ...home.env, ...env }).certificateFiles, expected)
  })
}

for (const [title, settings, env, expected] of [
  ['nothing', {}, {}, undefined],
  ['http.sslCAPath', { 'http.sslCAPath': '/a' }, {}, '/a'],
  ['a relative path', { 'http.sslCAPath': 'a' }, {}, undefined],
  ['GIT_SSL_CAPATH too', { 'http.sslCAPath': '/a' }, { GIT_SSL_CAPATH: '/b' }, '/b'],
] as const) {
  test(`the directory of certificates where ${title} is set`, (t) => {
    const home = new Home()
    t.teardown(() => home.remove())
    home.configure(settings)

    t.is(readNetwork(ENDPOINT, { ...home.env, ...env }).certificateDirectory, expected)
  })
}

test('a tilde is the home directory, as for git', (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  home.configure({ 'http.sslCAInfo': '~/ca.pem' })

  t.deepEqual(readNetwork(ENDPOINT, home.env).certificateFiles, [`${home.path}/ca.pem`])
})

test('the certificates of another user’s home are found as git finds them', (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  home.configure({ 'http.sslCAInfo': '~root/ca.pem' })

  t.deepEqual(readNetwork(ENDPOINT, home.env).certificateFiles, ['/root/ca.pem'])
})

test('without HOME, a tilde does not become the root of the disk', (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  home.configure({ 'http.sslCAInfo': '~/ca.pem' })
  const { HOME, ...env } = home.env

  const error = t.throws(() => readNetwork(ENDPOINT, { ...env, GIT_CONFIG_GLOBAL: join(String(HOME), '.gitconfig') }))

  t.true(isFailure(error))
  t.regex(error.message, /~\/ca\.pem/)
})

test('what lies in git’s own installation is trusted where it is there, and else passed over', (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  const readFiles = (path: string): readonly string[] => {
    home.configure({ 'http.sslCAInfo': path })
    return readNetwork(ENDPOINT, home.env).certificateFiles
  }
  const ask = spawnSync('git', ['config', '--type=path', 'x.y'], {
    env: { ...process.env, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'x.y', GIT_CONFIG_VALUE_0: '%(prefix)/bin/git' },
    encoding: 'utf8',
  })
  const own = ask.stdout.trim()
  t.true(existsSync(own), own)

  t.deepEqual(readFiles('%(prefix)/bin/git'), [own])
  t.deepEqual(readFiles('%(prefix)/missing/ca.pem'), [])
})

test('on Windows, a path without a drive is what git says, and nothing where that is not there', (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  const git = join(home.path, 'bin', 'git')
  // As Git for Windows puts its own place before such a path.
  writeFileSync(
    git,
    `#!/bin/sh\nPATH='${process.env['PATH']}'\ncase "$*" in *--type=path*) printf '%s\\0' "$OWN";; *) exec git "$@";; esac\n`,
    {
      mode: 0o755,
    },
  )
  home.configure({ 'http.sslCAInfo': '/mingw64/ssl/certs/ca-bundle.crt' })
  const env = { ...home.env, PATH: join(home.path, 'bin') }
  const find = (own: string, platform: NodeJS.Platform): string | undefined =>
    findPath(readSettings('http', ENDPOINT.href, env), 'sslcainfo', ENDPOINT.href, { ...env, OWN: own }, platform)

  t.is(find(THERE, 'win32'), THERE)
  t.is(find('/mingw64/ssl/certs/ca-bundle.crt', 'win32'), undefined)
  t.is(find(THERE, 'linux'), '/mingw64/ssl/certs/ca-bundle.crt')
})

test('on this machine there is no proxy', (t) => {
  t.is(readNetwork(new URL('http://127.0.0.1:1/token'), { HTTP_PROXY: PROXY, ALL_PROXY: PROXY }).proxy, undefined)
})

test('git is asked without the query of a signed address: every user can read its arguments', (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  const log = join(home.path, 'arguments')
  const git = join(home.path, 'bin', 'git')
  writeFileSync(git, `#!/bin/sh\necho "$@" >> '${log}'\nPATH='${process.env['PATH']}' exec git "$@"\n`, { mode: 0o755 })
  home.configure({ 'http.https://storage.example/archives.proxy': PROXY })
  const signed = new URL('https://user:word@storage.example/archives/a.tar.gz?signature=not-for-others')

  const { proxy } = readNetwork(signed, { ...home.env, PATH: join(home.path, 'bin') })

  t.is(proxy?.href, PROXY)
  t.regex(readFileSync(log, 'utf8'), /--get-urlmatch http https:\/\/storage\.example\/archives\/a\.tar\.gz\n/)
})

test('a client certificate is taken from a path that is the same wherever one stands', (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  home.configure({ 'http.sslCert': '~/cert.pem', 'http.sslKey': 'key.pem' })

  const { clientCertificate } = readNetwork(ENDPOINT, home.env)
  const relative = readNetwork(ENDPOINT, { ...home.env, GIT_SSL_CERT: 'cert.pem' })

  t.like(clientCertificate, { certificateFile: join(home.path, 'cert.pem'), keyFile: join(home.path, 'cert.pem') })
  t.is(relative.clientCertificate, undefined)
})
