import test, { type ExecutionContext } from 'ava'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home, Outcome } from '../helpers/home.ts'
import { Terminal } from '../helpers/terminal.ts'
import { makeLoggedInUser } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const PROGRAM = 'git-credential-bitbucket-oauth'

type Asked = {
  readonly home: Home
  readonly sandbox: Sandbox
  readonly api: (args: readonly string[], input?: string) => Promise<Outcome>
}

/** Somebody who is logged in, and `api` for the sandbox's host. */
async function begin(t: ExecutionContext): Promise<Asked> {
  const { home, sandbox } = await makeLoggedInUser(t)
  const api = (args: readonly string[], input?: string): Promise<Outcome> =>
    home.run(PROGRAM, ['api', ...args, '--host', sandbox.origin], input === undefined ? {} : { input })
  return { home, sandbox, api }
}

/** So many repositories that there are these pages of a hundred. */
function fill(sandbox: Sandbox, pages: number): void {
  sandbox.api.addRepositories(Array.from({ length: pages * 100 - 1 }, (_, index) => `more-${index}`))
}

test('the path may be written in any way that names the same', async (t) => {
  const { sandbox, api } = await begin(t)
  const path = 'repositories/acme/widgets'

  for (const typed of [
    path,
    `/${path}`,
    `2.0/${path}`,
    `/2.0/${path}`,
    `//2.0/${path}`,
    `${sandbox.origin}/2.0/${path}`,
  ]) {
    const outcome = await api([typed])

    t.like(outcome, { code: 0, stderr: '' }, typed)
    t.is((JSON.parse(outcome.stdout) as { full_name: string }).full_name, 'acme/widgets', typed)
  }
  t.deepEqual(new Set(sandbox.api.requests.map(({ url }) => url)), new Set([`/2.0/${path}`]))
})

test('another origin gets neither the token nor a request', async (t) => {
  const { sandbox, api } = await begin(t)
  const { port } = new URL(sandbox.origin)

  for (const url of [
    `http://localhost:${port}/2.0/user`,
    'https://api.bitbucket.org/2.0/user',
    `http://x@127.0.0.1:${port}/`,
  ]) {
    const outcome = await api([url])

    t.like(outcome, { code: 2, stdout: '' })
    t.regex(
      outcome.stderr,
      /that URL is not on http:\/\/127\.0\.0\.1:\d+, and the access token is sent only there\nhint: /,
    )
  }
  t.is(sandbox.api.requests.length, 0)
})

test('JSON comes as it came in a pipe, and indented on a terminal', async (t) => {
  const { home, sandbox, api } = await begin(t)

  const piped = await api(['repositories/acme/widgets'])
  const terminal = Terminal.open(t, home, [PROGRAM, 'api', 'repositories/acme/widgets', '--host', sandbox.origin])
  await terminal.ended

  t.is(piped.stdout, JSON.stringify(JSON.parse(piped.stdout)))
  t.regex(terminal.screen(), /^ {2}"full_name": "acme\/widgets",$/m)
})

test('--paginate joins twelve pages, though the token ends after the fifth', async (t) => {
  const { sandbox, api } = await begin(t)
  fill(sandbox, 12)
  const scopesOf = sandbox.oauth.scopesOf.bind(sandbox.oauth)
  let asked = 0
  sandbox.oauth.scopesOf = async (token) => {
    asked += 1
    if (asked === 6) sandbox.oauth.storage.forget('AccessToken')
    return scopesOf(token)
  }

  const outcome = await api(['repositories/acme?pagelen=100', '--paginate'])

  t.like(outcome, { code: 0, stderr: '' })
  const names = (JSON.parse(outcome.stdout) as { full_name: string }[]).map((one) => one.full_name)
  t.is(new Set(names).size, 1200)
  t.deepEqual(
    sandbox.api.requests.map(({ status }) => status),
    [...Array.from({ length: 5 }, () => 200), 401, ...Array.from({ length: 7 }, () => 200)],
  )
  t.is(sandbox.oauth.tokenRequests.length, 1)
})

test('a token that is refused though it is new is a sentence, and no third one is asked for', async (t) => {
  const { sandbox, api } = await begin(t)
  sandbox.oauth.scopesOf = async () => undefined

  const outcome = await api(['user'])

  t.is(outcome.code, 1)
  t.regex(outcome.stdout, /^\{"type":"error"/)
  t.regex(outcome.stderr, /refuses even an access token that it has just issued\nhint: [^\n]* doctor\n/)
  t.is(sandbox.oauth.tokenRequests.length, 1)
})

test('a next page elsewhere is not asked for', async (t) => {
  const { sandbox, api } = await begin(t)
  const body = JSON.stringify({ values: [1], next: 'http://127.0.0.2/2.0/x' })
  sandbox.api.settings.fault = { status: 200, body, times: 1 }

  const outcome = await api(['repositories/acme', '--paginate'])

  t.like(outcome, { code: 1, stdout: '' })
  t.regex(
    outcome.stderr,
    /the next page is not on http:\/\/127\.0\.0\.1:\d+, and the access token is sent only there\n/,
  )
})

test('answers of many megabytes come whole', async (t) => {
  const { sandbox, api } = await begin(t)
  const body = JSON.stringify({ values: ['é'.repeat(5_000_000)] })
  sandbox.api.settings.fault = { status: 200, body }

  const plain = await api(['user'])
  const joined = await api(['user', '--paginate'])

  t.true(plain.stdout === body)
  t.true(joined.stdout === `${JSON.stringify(['é'.repeat(5_000_000)])}\n`)
})

for (const [title, fault, expected] of [
  [
    'a missing permission',
    {
      status: 403,
      body: '{"type":"error","error":{"message":"x","detail":{"required":["pullrequest:write"],"granted":[]}}}',
    },
    /the consumer lacks a permission: Pull requests: Write\nhint: edit the consumer on https:\/\/bitbucket\.org\/acme\/workspace\/settings\/api: tick Pull requests: Write, and save\nhint: then log in once more: /,
  ],
  ['no access', { status: 403, body: '{"error":{"message":"no"}}' }, /has no access to \/2\.0\/repositories\/acme\n/],
  [
    'what is not there',
    { status: 404, body: '{"error":{"message":"no"}}' },
    /there is no \/2\.0\/repositories\/acme, or the account/,
  ],
  [
    'bad fields',
    { status: 400, body: '{"error":{"message":"Bad request","fields":{"title":["required key not provided"]}}}' },
    /answered with HTTP 400: Bad request; title: required key not provided\nhint: compare/,
  ],
  [
    'a server in trouble',
    { status: 502, body: 'gateway', headers: { 'content-type': 'text/plain' } },
    /answered with HTTP 502\nhint: try again/,
  ],
  ['too many requests', { status: 429, body: '{}' }, /accepts no more requests for now \(HTTP 429\)\nhint: /],
] as const) {
  test(`a refusal is printed as it is, and said in words: ${title}`, async (t) => {
    const { sandbox, api } = await begin(t)
    sandbox.api.settings.fault = fault

    const outcome = await api(['repositories/acme'])

    t.is(outcome.code, 1)
    t.is(outcome.stdout, fault.body)
    t.regex(outcome.stderr, expected)
  })
}

test('a server that asks to wait is waited for, within limits', async (t) => {
  const { sandbox, api } = await begin(t)
  const wait = (status: number, seconds: string): void => {
    sandbox.api.settings.fault = { status, body: '{}', headers: { 'retry-after': seconds }, times: 1 }
  }

  wait(429, '1')
  const limited = await api(['repositories/acme'])
  wait(503, '1')
  const busy = await api(['repositories/acme'])
  wait(429, '86400')
  const tomorrow = await api(['repositories/acme'])
  wait(503, '1')
  const post = await api(['repositories/acme/widgets/issues', '-f', 'title=a'])

  for (const outcome of [limited, busy]) {
    t.is(outcome.code, 0)
    t.regex(outcome.stderr, /^[^\n]+: 127\.0\.0\.1:\d+ asks to wait 1 s\n$/)
  }
  t.is(tomorrow.code, 1)
  t.regex(tomorrow.stderr, /accepts no more requests for now/)
  t.is(post.code, 1)
})

test('fields become a JSON object that is posted, and a query with GET', async (t) => {
  const { sandbox, api } = await begin(t)
  const issues = 'repositories/acme/widgets/issues'

  const posted = await api([
    issues,
    '-f',
    'title=a=b',
    '-f',
    'target[ref][name]=main',
    '-f',
    'reviewers[]=x',
    '-f',
    'reviewers[]=y',
  ])
  const changed = await api([issues, '-Xput', '-ftitle='])
  const asked = await api(['repositories/acme', '-X', 'GET', '-f', 'pagelen=1', '-f', 'q=name ~ "w"'])

  t.deepEqual(JSON.parse(posted.stdout), { title: 'a=b', target: { ref: { name: 'main' } }, reviewers: ['x', 'y'] })
  t.deepEqual(JSON.parse(changed.stdout), { title: '' })
  t.is(asked.code, 0)
  t.deepEqual(
    sandbox.api.requests.map(({ method, url }) => `${method} ${url}`),
    [`POST /2.0/${issues}`, `PUT /2.0/${issues}`, 'GET /2.0/repositories/acme?pagelen=1&q=name+%7E+%22w%22'],
  )
})

test('--input sends a file or stdin as it is', async (t) => {
  const { home, sandbox, api } = await begin(t)
  const issues = 'repositories/acme/widgets/issues'
  writeFileSync(join(home.path, 'work/body.json'), '{"a":[1]}')

  const file = await api([issues, '--input', 'body.json'])
  const stdin = await api([issues, '--input', '-', '-X', 'PUT'], '{"b":null}')
  const form = await api([issues, '--input', '-', '-H', 'Content-Type: application/x-www-form-urlencoded'], 'a=1')
  const missing = await api([issues, '--input', 'missing.json'])
  const substituted = await home.run('bash', [
    '-c',
    `${PROGRAM} api ${issues} --host ${sandbox.origin} --input <(echo '{"c":1}')`,
  ])

  t.is(file.stdout, '{"a":[1]}')
  t.is(stdin.stdout, '{"b":null}')
  t.is(form.stdout, '{"a":"1"}')
  t.is(missing.code, 2)
  t.regex(missing.stderr, /missing\.json cannot be read \(ENOENT\)/)
  t.is(substituted.stdout, '{"c":1}')
  t.is(sandbox.api.requests.length, 4)
})

test('--input follows no link that leads out of its directory', async (t) => {
  const { home, sandbox, api } = await begin(t)
  writeFileSync(join(home.path, 'key'), '{"secret":1}')
  symlinkSync('../key', join(home.path, 'work/body.json'))

  const { code, stderr } = await api(['repositories/acme/widgets/issues', '--input', 'body.json'])

  t.is(code, 2)
  t.regex(stderr, /body\.json leads to [^\n]*\/key, out of its directory, so it is not sent\nhint: [^\n]*\/key\n$/)
  t.is(sandbox.api.requests.length, 0)
})

test('-i tells the status and the headers, without cookies; nothing in an answer is nothing', async (t) => {
  const { sandbox, api } = await begin(t)
  const headers = { 'content-type': 'application/json', 'set-cookie': 'session=secret', 'x-one': '1' }
  sandbox.api.settings.fault = { status: 200, body: '{}', headers, times: 1 }

  const included = await api(['user', '-i'])
  const gone = await api(['repositories/acme/widgets/issues/1', '-X', 'DELETE'])

  t.regex(included.stdout, /^HTTP 200\n[^]*^x-one: 1\n\n\{\}$/m)
  t.false(included.stdout.includes('session'))
  t.deepEqual(gone, { code: 0, stdout: '', stderr: '' })
})

for (const [title, args, message] of [
  [
    'an Authorization of somebody else',
    ['user', '-H', 'authorization: Basic x'],
    /this command sends its own Authorization header/,
  ],
  ['no header', ['user', '-H', 'x'], /that is not a header/],
  ['a header of two lines', ['user', '-H', 'x: 1\ny: 2'], /that is not a header/],
  ['no field', ['user', '-f', 'x'], /that is not a field/],
  ['fields and a file', ['user', '-f', 'x=1', '--input', 'y'], /-f and --input exclude each other/],
  ['a file with GET', ['user', '-X', 'GET', '--input', 'y'], /nothing can be sent with GET/],
  ['pages with their headers', ['user', '--include', '--paginate'], /--include goes with one page, and not with --pag/],
  ['pages of what is sent', ['user', '-f', 'x=1', '--paginate'], /--paginate goes with GET/],
  ['no method', ['user', '-X', 'GET /'], /that is not an HTTP method/],
] as const) {
  test(`wrong usage is said before anything is asked: ${title}`, async (t) => {
    const { sandbox, api } = await begin(t)

    const outcome = await api(args)

    t.like(outcome, { code: 2, stdout: '' })
    t.regex(outcome.stderr, message)
    t.is(sandbox.api.requests.length, 0)
  })
}

test('--paginate of what is no list is a sentence', async (t) => {
  const { api } = await begin(t)

  const outcome = await api(['repositories/acme/widgets', '--paginate'])

  t.like(outcome, { code: 1, stdout: '' })
  t.regex(
    outcome.stderr,
    /the answer for \/2\.0\/repositories\/acme\/widgets is not a list, so it has no pages\nhint: if --paginate was given, leave it out\n/,
  )
})

test('a file of the API is followed to another origin without the token, and comes as it is', async (t) => {
  const { home, sandbox } = await begin(t)
  const content = Buffer.from([0, 255, 10, 13, 128])
  sandbox.downloads.add('acme/widgets', 'binary', content)

  const command = `${PROGRAM} api repositories/acme/widgets/downloads/binary --host ${sandbox.origin} | od -An -tu1`
  const { stdout } = await home.run('sh', ['-c', command])

  t.deepEqual(stdout.trim().split(/ +/).map(Number), [...content])
  t.deepEqual(
    sandbox.otherOrigin.requests.map(({ hasAuthorization }) => hasAuthorization),
    [false],
  )
})

test('a host that is not configured, or whose API is not, is a sentence', async (t) => {
  const { home } = await begin(t)

  const outcome = await home.run(PROGRAM, ['api', 'user', '--host', 'https://git.example'])

  t.is(outcome.code, 3)
  t.regex(outcome.stderr, /https:\/\/git\.example/)
})

test('pages that lead round in a circle have an end', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  const next = `${sandbox.origin}/2.0/repositories/acme`
  sandbox.api.settings.fault = { status: 200, body: JSON.stringify({ values: [1], next }) }

  const args = ['api', 'repositories/acme', '--paginate', '--host', sandbox.origin]
  const { code, stdout, stderr } = await home.run('git-credential-bitbucket-oauth', args)

  t.is(code, 1)
  t.is(stdout, '')
  t.regex(stderr, /leads round in a circle: its next page is one that was read already\nhint: /)
  t.is(sandbox.api.requests.length, 1)
})
