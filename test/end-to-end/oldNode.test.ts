import test from 'ava'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { putNodeFirst } from '../helpers/nodes.ts'
import { makeLoggedInUser, makeUser, parseAnswer, requestFor } from '../helpers/user.ts'

const NAME = 'git-credential-bitbucket-oauth'

const MANIFEST = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  engines: { node: string }
}

/** All that stands on stderr. */
function inWords(version: string, path: string): string {
  const needed = MANIFEST.engines.node.replace('>=', '')
  return `${NAME}: this program needs Node.js ${needed} or later, and was started with ${version} (${path})
hint: put a newer Node.js first in PATH, or choose one with nvm, asdf or volta
`
}

// The first is that of Ubuntu 22.04.
for (const version of ['12.22.12', '14.21.3', '16.20.2', '18.20.8']) {
  test(`Node ${version} first in PATH: one sentence, whatever is asked or typed, and nothing is lost`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    const { PATH = '' } = home.env
    const { password } = parseAnswer((await home.helper('get', request)).stdout)
    const path = await putNodeFirst(home, version)
    const stderr = inWords(version, path)

    for (const args of [['get'], ['capability'], ['login'], ['status'], ['--version'], []]) {
      t.deepEqual(await home.run(NAME, args, { input: request }), { code: 1, stdout: '', stderr }, args.join(' '))
    }
    for (const operation of ['store', 'erase']) {
      const outcome = await home.helper(operation, `${request}username=x-token-auth\npassword=${password}\n`)
      t.deepEqual(outcome, { code: 1, stdout: '', stderr: '' }, operation)
    }

    home.env['PATH'] = PATH
    t.is(parseAnswer((await home.helper('get', request)).stdout)['password'], password)
    t.deepEqual(sandbox.oauth.tokenRequests, [])
    t.deepEqual(home.openedUrls(), [])
  })
}

test('git goes on where its Node is too old: what it fills says so once, what it approves and rejects is silent', async (t) => {
  const { home, request } = await makeLoggedInUser(t)
  home.env['GIT_TERMINAL_PROMPT'] = '0'
  const path = await putNodeFirst(home, '16.20.2')
  const ask = (operation: string, attributes: string): ReturnType<typeof home.run> =>
    home.run('git', ['credential', operation], { input: request + attributes })

  const filled = await ask('fill', '')
  const approved = await ask('approve', 'username=alice\npassword=hers\n')
  const rejected = await ask('reject', 'username=alice\npassword=hers\n')

  t.like(filled, { code: 128, stdout: '' })
  const stderr = inWords('16.20.2', path)
  t.true(filled.stderr.startsWith(stderr), filled.stderr)
  t.regex(filled.stderr.slice(stderr.length), /^fatal: could not read Username [^\n]+\n$/)
  t.deepEqual(approved, { code: 0, stdout: '', stderr: '' })
  t.deepEqual(rejected, { code: 0, stdout: '', stderr: '' })
})

test('a helper that is configured with a PATH of its own answers where an older Node comes first', async (t) => {
  const { home, request } = await makeLoggedInUser(t)
  const expected = parseAnswer((await home.helper('get', request)).stdout)
  await putNodeFirst(home, '16.20.2')
  home.configure({ 'credential.helper': '' })
  home.configure({ 'credential.helper': `!PATH=${dirname(process.execPath)}:$PATH git credential-bitbucket-oauth` })

  const { code, stdout, stderr } = await home.run('git', ['credential', 'fill'], { input: request })

  t.is(code, 0, stderr)
  t.is(parseAnswer(stdout)['password'], expected['password'])
  t.is(stderr, '')
})

// The oldest that the package admits, and one of a line that lacks what later releases of the 20 have.
for (const version of ['20.19.0', '21.7.3']) {
  test(`Node ${version} first in PATH: a login, and a cached answer after it`, async (t) => {
    const { home, sandbox } = await makeUser(t)
    const request = requestFor(sandbox.origin)
    await putNodeFirst(home, version)
    home.useBrowser('follow.ts')

    const login = await home.helper('get', request)
    const cached = await home.helper('get', request)
    const status = await home.run(NAME, ['status'])

    t.is(login.code, 0, login.stderr)
    t.deepEqual(cached, { code: 0, stdout: login.stdout, stderr: '' })
    t.is(status.code, 0, status.stderr)
  })
}
