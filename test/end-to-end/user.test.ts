import test, { type ExecutionContext } from 'ava'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Home, Outcome } from '../helpers/home.ts'
import { makeUser, parseAnswer, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const PROGRAM = 'git-credential-bitbucket-oauth'
const BITBUCKET = 'https://bitbucket.org'

/** The name of another user, who has planted a login of his own. */
const MALLORY = { username: 'mallory', display_name: 'Alice' }

/** A consumer whose tokens may ask whose they are. */
async function makeKnownUser(t: ExecutionContext): Promise<{ home: Home; sandbox: Sandbox }> {
  const { home, sandbox } = await makeUser(t)
  home.configureFor(sandbox, BITBUCKET)
  sandbox.oauth.settings.scopes = ['repository', 'repository:write', 'account']
  home.useBrowser('follow.ts')
  return { home, sandbox }
}

function answerAs({ api }: Sandbox, user: object): void {
  api.settings.fault = { status: 200, body: JSON.stringify(user), times: 1 }
}

async function run(t: ExecutionContext, home: Home, ...args: string[]): Promise<Outcome> {
  const outcome = await home.run(PROGRAM, args)
  t.is(outcome.code, 0, outcome.stderr)
  return outcome
}

test('who has logged in is said in the terminal, in the browser, and by all commands that tell of the login', async (t) => {
  const { home, sandbox } = await makeKnownUser(t)
  answerAs(sandbox, MALLORY)

  const { stderr } = await run(t, home, 'login')

  t.regex(stderr, /: logged in to bitbucket\.org as mallory \(Alice\)\n/)
  const { title, text } = await home.shownPage()
  t.is(title, 'Logged in to bitbucket.org')
  t.regex(text, /Your account there is mallory \(Alice\)\./)
  t.regex(text, /If that is not you, log out: git credential-bitbucket-oauth logout/)
  const status = await run(t, home, 'status')
  t.regex(status.stdout, /^bitbucket\.org\n {2}user +mallory \(Alice\)\n/)
  const { accounts } = JSON.parse((await run(t, home, 'status', '--json')).stdout) as { accounts: object[] }
  t.like(accounts, [{ account: 'bitbucket.org', user: 'mallory (Alice)' }])
  const doctor = await run(t, home, 'doctor')
  t.regex(doctor.stdout, /^ok +login +kept for bitbucket\.org as mallory \(Alice\), in a file$/m)
  t.regex(doctor.stdout, /^ok +token +\S+ accepts it, as that of alice \(Alice\)$/m, 'the server has the last word')
  const setup = await run(t, home, 'setup', 'acme')
  t.regex(setup.stdout, /^you are logged in already as mallory \(Alice\)$/m)
  t.regex((await run(t, home, 'logout')).stdout, /^logged out of bitbucket\.org as mallory \(Alice\): no token is kept/)
  t.deepEqual(
    home.files(home.data).filter((name) => !name.endsWith('.consumers')),
    [],
  )
})

test('several accounts of one host are told apart by who has logged in', async (t) => {
  const { home, sandbox } = await makeKnownUser(t)
  await run(t, home, 'login')
  answerAs(sandbox, MALLORY)

  await run(t, home, 'login', '--username', 'work')

  const { stdout } = await run(t, home, 'logout', '--username', 'nobody')
  t.regex(stdout, /there are logins to: bitbucket\.org as alice \(Alice\), work@bitbucket\.org as mallory \(Alice\)\n/)
})

test('the question is asked at a login, and never in a refresh or from the cache', async (t) => {
  const { home, sandbox } = await makeKnownUser(t)
  const request = requestFor(BITBUCKET)
  const asked = (): number => sandbox.api.requests.length

  await home.helper('get', request)
  t.is(asked(), 1)
  await home.helper('get', request)
  home.expire(BITBUCKET)
  const { code, stderr } = await home.helper('get', request)

  t.deepEqual([code, stderr, asked()], [0, '', 1])
  t.regex((await run(t, home, 'status')).stdout, /^ {2}user +alice \(Alice\)$/m, 'a refresh keeps the name')
})

for (const [title, trouble] of [
  ['forbidden', { status: 403, body: '{"type":"error","error":{"message":"no"}}' }],
  ['unauthorized', { status: 401, body: 'Token is invalid' }],
  ['broken', { status: 500, body: '' }],
  ['a page', { status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
  ['another kind of answer', { status: 200, body: '{"username":7,"display_name":["x"]}' }],
  ['nobody', { status: 200, body: '{"username":" ","display_name":""}' }],
] as const) {
  test(`a question that is answered with "${title}" costs no login, and no name of an earlier one stays`, async (t) => {
    const { home, sandbox } = await makeKnownUser(t)
    await run(t, home, 'login')
    sandbox.api.settings.fault = { ...trouble, times: 1 }

    const { stderr } = await run(t, home, 'login')

    t.regex(stderr, /: logged in to bitbucket\.org\n/)
    t.is((await home.shownPage()).title, 'Logged in to bitbucket.org')
    t.notRegex((await run(t, home, 'status')).stdout, /^ {2}user/m)
    t.is(sandbox.oauth.tokenRequests.at(-1)?.status, 200)
  })
}

test('a token without the permission is not used to ask', async (t) => {
  const { home, sandbox } = await makeKnownUser(t)
  sandbox.oauth.settings.scopes = ['repository', 'accounting']

  const { stderr } = await run(t, home, 'login')

  t.regex(stderr, /: logged in to bitbucket\.org\n/)
  t.deepEqual(sandbox.api.requests, [])
})

test('where no answer comes, the tokens are saved before, and the login goes on after some seconds', async (t) => {
  const { home } = await makeKnownUser(t)
  let kept: string[] = []
  const server = createServer(() => (kept = [...home.files(home.data), ...home.files(home.runtime)])).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  home.configure({
    [`credential.${BITBUCKET}.oauthApiURL`]: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  })

  const { code, stdout, stderr } = await home.helper('get', requestFor(BITBUCKET))

  t.is(code, 0, stderr)
  t.regex(parseAnswer(stdout)['password'] ?? '', /=$/)
  t.is(kept.filter((name) => name === 'https%3A%2F%2Fbitbucket.org.json').length, 2, 'saved before the question')
  t.is((await home.shownPage()).title, 'Logged in to bitbucket.org')
})

test('a name moves no cursor and forges no line, and a long one is cut', async (t) => {
  const { home, sandbox } = await makeKnownUser(t)
  const hostile = { username: 'a\n\u001B[2J\u202Eb', display_name: `<b>${'x'.repeat(9999)}` }
  answerAs(sandbox, hostile)

  const { stderr } = await run(t, home, 'login')
  const outputs = [stderr, (await run(t, home, 'status')).stdout, (await run(t, home, 'logout')).stdout]

  for (const text of outputs) {
    t.regex(text, /a\uFFFD\uFFFD\[2J\uFFFDb \(<b>x{57}\)/)
    // oxlint-disable-next-line no-control-regex -- it looks for control characters
    t.notRegex(text, /[\u001B\u202E]/)
  }
  t.regex((await home.shownPage()).text, /&#60;b&#62;xxx/)
})

test('the name is kept beside the login, where only its owner reads it', async (t) => {
  const { home } = await makeKnownUser(t)
  await run(t, home, 'login')

  t.deepEqual(JSON.parse(readFileSync(`${home.recordPath(home.data, BITBUCKET)}.user`, 'utf8')), {
    name: 'alice (Alice)',
  })
})
