import test from 'ava'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../helpers/home.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { makeUser } from '../helpers/user.ts'
import { type Identity, makeIdentity, type Sandbox } from '../sandbox/sandbox.ts'

const NAME = 'git-credential-bitbucket-oauth'
const HOSTS = ['localhost']
const PAST = new Date(Date.now() - 86_400_000)
const FUTURE = new Date(Date.now() + 2 * 366 * 86_400_000)

type Case = readonly [
  title: string,
  make: () => Promise<{ shown: Identity; trusted: Identity }>,
  words: RegExp | undefined,
]

const CASES: readonly Case[] = [
  [
    'one that a company’s CA has issued',
    async () => {
      const trusted = await makeIdentity(HOSTS)
      return { shown: await makeIdentity(HOSTS, { issuer: trusted }), trusted }
    },
    undefined,
  ],
  [
    'one that another CA has issued',
    async () => {
      const shown = await makeIdentity(HOSTS, { issuer: await makeIdentity(HOSTS) })
      return { shown, trusted: await makeIdentity(HOSTS) }
    },
    /its certificate is not trusted here, [A-Z_]+\)\nhint: [^\n]*http\.sslCAInfo/,
  ],
  [
    'one that has expired',
    async () => {
      const trusted = await makeIdentity(HOSTS)
      return { shown: await makeIdentity(HOSTS, { issuer: trusted, until: PAST }), trusted }
    },
    /has expired\)\nhint: [^\n]*clock[^\n]*http\.sslCAInfo/,
  ],
  [
    'one whose CA has expired',
    async () => {
      const trusted = await makeIdentity(HOSTS, { until: PAST })
      return { shown: await makeIdentity(HOSTS, { issuer: trusted }), trusted }
    },
    /has expired\)\nhint: [^\n]*clock[^\n]*http\.sslCAInfo/,
  ],
  [
    'one that is not valid yet',
    async () => {
      const trusted = await makeIdentity(HOSTS)
      return { shown: await makeIdentity(HOSTS, { issuer: trusted, until: FUTURE }), trusted }
    },
    /is not valid yet\)\nhint: [^\n]*clock[^\n]*http\.sslCAInfo/,
  ],
  [
    'one for another name',
    async () => {
      const trusted = await makeIdentity(['localhost'])
      return { shown: await makeIdentity(['other.example'], { issuer: trusted }), trusted }
    },
    /its certificate is for another name\)\nhint: /,
  ],
]

/** Whether git alone gets through: with a token of its own, and no helper. */
async function gitGetsThrough(home: Home, sandbox: Sandbox): Promise<boolean> {
  const { accessToken } = await sandbox.oauth.grant()
  const url = new URL(sandbox.repository('widgets'))
  Object.assign(url, { username: 'x-token-auth', password: accessToken })
  return (await home.git('-c', 'credential.helper=', 'ls-remote', url.href)).code === 0
}

for (const [title, make, words] of CASES) {
  const isGood = words === undefined

  test(`a certificate, ${title}: git, a login, a refresh and an archive agree on it`, async (t) => {
    const { home, sandbox } = await makeUser(t, { tls: true })
    const { shown, trusted } = await make()
    await plantLogin(home, sandbox)
    sandbox.present(shown)
    // The other origin has a certificate of its own.
    sandbox.archives.settings.redirects = false
    const file = join(home.path, 'ca.pem')
    writeFileSync(file, trusted.cert)
    home.configure({ 'http.sslCAInfo': file })

    const git = await gitGetsThrough(home, sandbox)
    const refresh = await home.run(NAME, ['refresh', sandbox.origin])
    const archive = await home.run(NAME, ['archive', 'acme/widgets', '-o', '-', '--host', sandbox.origin])
    const row = [git, refresh.code === 0, archive.code === 0]
    await home.run(NAME, ['logout', sandbox.origin])
    if (isGood) home.useBrowser('follow.ts')
    const clone = isGood ? await home.git('clone', '--quiet', sandbox.repository('widgets')) : undefined

    t.log(title, ...row, clone?.code)
    t.deepEqual(row, [isGood, isGood, isGood], refresh.stderr)
    if (isGood) t.is(clone?.code, 0, clone?.stderr)
    else for (const { stderr } of [refresh, archive]) t.regex(stderr, words)
  })
}
