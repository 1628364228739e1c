import type { ExecutionContext } from 'ava'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strip } from '../../scripts/typescript/strip.js'
import { runAt } from '../helpers/clock.ts'
import { type Git, testEachGit } from '../helpers/gits.ts'
import type { Home } from '../helpers/home.ts'
import { makeUser, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

/** Bitbucket's access tokens live as long. Hours. */
const LIFETIME = 2

const KEYCHAIN = await strip(readFileSync(new URL('../sandbox/osxkeychain.ts', import.meta.url), 'utf8'))

/** Other helpers that keep what git gives them, longer than a token lives. */
const OTHERS: Readonly<Record<string, (home: Home) => string>> = {
  store: () => 'store',
  cache: () => 'cache --timeout 86400',
  osxkeychain: (home) => {
    const program = join(home.path, 'osxkeychain.mjs')
    writeFileSync(program, KEYCHAIN)
    return `!'${process.execPath}' '${program}' '${join(home.path, 'keychain')}'`
  },
}

for (const [name, order, form, hours] of [
  ['store', 'before', 'auto', 8],
  ['store', 'after', 'auto', 8],
  // Whoever insists on passwords.
  ['store', 'before', 'basic', 8],
  ['cache', 'before', 'auto', 4],
  ['cache', 'after', 'auto', 4],
  ['osxkeychain', 'before', 'auto', 4],
  ['osxkeychain', 'after', 'auto', 4],
] as const) {
  testEachGit(`${hours} hours of fetches with ${name} ${order} us, ${form}: none fails`, async (t, git) => {
    const { home, sandbox } = await makeChainedUser(t, git, { name, order, form })
    const { storage, tokenRequests, settings } = sandbox.oauth
    tokenRequests.length = 0
    const issued: string[][] = []
    const failed: string[] = []

    for (let hour = 0; hour <= hours; hour++) {
      settings.ahead = hour * 3600
      storage.forget('AccessToken', issued[hour - LIFETIME] ?? [])
      // In the hour of a refresh, one that finds its token in the cache.
      for (const round of hour % LIFETIME === 0 ? ['first', 'second'] : ['only']) {
        const command = ['git', '-C', 'widgets', 'fetch', '--quiet'] as const
        const { code, stderr } = await runAt(home, hour === 0 ? '' : `+${hour}h`, command)
        if (code !== 0 || stderr !== '') failed.push(`hour ${hour}, ${round}: ${code} ${stderr}`)
      }
      issued.push(storage.list('AccessToken'))
    }

    t.deepEqual(failed, [])
    t.deepEqual(
      tokenRequests,
      Array.from({ length: hours / LIFETIME }, () => ({ grantType: 'refresh_token', status: 200 })),
    )
    t.is(home.openedUrls().length, 1, 'only the first login')
    await expectNothingKept({ t, git, home, sandbox, order })
  })
}

/** A user with another helper beside this one, a login and a clone. */
async function makeChainedUser(
  t: ExecutionContext,
  git: Git,
  { name, order, form = 'auto' }: { name: string; order: 'before' | 'after'; form?: 'auto' | 'basic' },
): Promise<{ home: Home; sandbox: Sandbox }> {
  const { home, sandbox } = await makeUser(t, { git })
  // Its daemon would stay for a day.
  t.teardown(() => home.git('credential-cache', 'exit'))
  const other = OTHERS[name]?.(home) ?? ''
  const helpers = order === 'before' ? [other, 'bitbucket-oauth'] : ['bitbucket-oauth', other]
  home.configure({ [`credential.${sandbox.origin}.oauthAuthType`]: form })
  for (const helper of ['', ...helpers]) home.configure({ 'credential.helper': helper })
  home.useBrowser('follow.ts')
  const clone = await home.git('clone', '--quiet', sandbox.repository('widgets'))
  t.is(clone.code, 0, clone.stderr)
  home.forbidBrowser()
  return { home, sandbox }
}

/** Only a git that knows no more than passwords leaves one with a helper, and only one that comes after us. */
async function expectNothingKept({ t, git, home, sandbox, order }: Chained): Promise<void> {
  const isKept = !git.hasCapabilities && order === 'after'
  const input = requestFor(sandbox.origin, { 'capability[]': 'authtype' })
  const cached = await home.run('git', ['credential-cache', 'get'], { input })
  if (!isKept) t.notRegex(cached.stdout, /x-token-auth|credential=/)
  for (const file of ['.git-credentials', 'keychain'].map((name) => join(home.path, name))) {
    if (!existsSync(file)) continue
    if (!isKept) t.notRegex(readFileSync(file, 'utf8'), /x-token-auth/)
    // What such a git gives away is no leak of ours; anything else that is left is found as one.
    else rmSync(file)
  }
}

type Chained = {
  readonly t: ExecutionContext
  readonly git: Git
  readonly home: Home
  readonly sandbox: Sandbox
  readonly order: 'before' | 'after'
}

testEachGit('what somebody else gave to a helper before us stays there', async (t, git) => {
  const { home, sandbox } = await makeChainedUser(t, git, { name: 'store', order: 'before' })
  const theirs = ['https://alice:hers@example.com', 'https://x-token-auth:theirs@other.example']
  const file = join(home.path, '.git-credentials')
  writeFileSync(file, `${theirs.join('\n')}\n`)

  t.is((await home.git('-C', 'widgets', 'fetch', '--quiet')).code, 0)
  const input = requestFor(sandbox.origin, { username: 'x-token-auth', password: 'a repository access token' })
  t.is((await home.run('git', ['credential', 'approve'], { input })).code, 0)

  const kept = readFileSync(file, 'utf8')
  for (const line of theirs) t.true(kept.includes(line), line)
  t.regex(kept, /x-token-auth:a%20repository%20access%20token@/)
})

testEachGit(
  'ours by the name of a script is not another helper: its token stays, and nobody is asked to log in',
  async (t, git) => {
    const { home, sandbox } = await makeChainedUser(t, git, { name: 'store', order: 'after', form: 'basic' })
    const script = join(home.path, 'bin/wrapped')
    writeFileSync(script, '#!/bin/sh\nexec git-credential-bitbucket-oauth "$@"\n', { mode: 0o700 })
    for (const helper of ['', script]) home.configure({ 'credential.helper': helper })
    home.expire(sandbox.origin)
    sandbox.oauth.tokenRequests.length = 0

    for (let round = 1; round <= 3; round++) {
      t.deepEqual(await home.git('-C', 'widgets', 'fetch', '--quiet'), { code: 0, stdout: '', stderr: '' })
    }

    t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
    rmSync(join(home.path, '.git-credentials'), { force: true })
  },
)

for (const [title, settings] of [
  ['another repository’s token', { 'credential.useHttpPath': 'true', 'credential.helper': 'store' }],
  ['the token of a helper for another path', {}],
] as const) {
  testEachGit(`${title} is not taken back with ours`, async (t, git) => {
    const { home, sandbox } = await makeUser(t, { git })
    const { host } = new URL(sandbox.origin)
    const theirs = `http://x-token-auth:theirs@${host.replace(':', '%3a')}/acme/other.git`
    const file = join(home.path, '.git-credentials')
    writeFileSync(file, `${theirs}\n`, { mode: 0o600 })
    home.configure({ 'credential.helper': '' })
    home.configure({ [`credential.${sandbox.origin}/acme/other.git.helper`]: 'store' })
    home.configure(settings)
    home.configure({ 'credential.helper': 'bitbucket-oauth', [`credential.${sandbox.origin}.oauthAuthType`]: 'basic' })
    home.useBrowser('follow.ts')

    const { code, stderr } = await home.git('clone', '--quiet', sandbox.repository('widgets'))

    t.is(code, 0, stderr)
    t.is(readFileSync(file, 'utf8'), `${theirs}\n`)
  })
}
