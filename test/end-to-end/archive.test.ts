import { Ajv } from 'ajv'
import test, { type ExecutionContext } from 'ava'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { Header } from 'tar'
import type { Home, Outcome } from '../helpers/home.ts'
import { watchPeak } from '../helpers/peak.ts'
import { serve } from '../helpers/server.ts'
import { Terminal } from '../helpers/terminal.ts'
import { makeLoggedInUser, makeUser, requestFor } from '../helpers/user.ts'
import { makeSyntheticArchive } from '../sandbox/archives.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const PROGRAM = 'git-credential-bitbucket-oauth'
const MiB = 1024 * 1024

type Asked = {
  readonly home: Home
  readonly sandbox: Sandbox
  /** Where the command is run. */
  readonly work: string
  readonly archive: (...args: readonly string[]) => Promise<Outcome>
}

/** Somebody who is logged in, and `archive` for the sandbox's host. */
async function begin(t: ExecutionContext): Promise<Asked> {
  const { home, sandbox } = await makeLoggedInUser(t)
  const archive = (...args: readonly string[]): Promise<Outcome> =>
    home.run(PROGRAM, ['archive', ...args, '--host', sandbox.origin])
  return { home, sandbox, work: join(home.path, 'work'), archive }
}

/** The same in a process of its own, which can be sent signals. */
function start(t: ExecutionContext, { home, sandbox, work }: Asked, ...args: readonly string[]): ChildProcess {
  const child = spawn(PROGRAM, ['archive', ...args, '--host', sandbox.origin], {
    cwd: work,
    env: home.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  child.stderr?.on('data', (text: Buffer) => home.noteOutput(text.toString()))
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** Resolves as soon as so many bytes lie in a file whose name has a part like this. */
async function growth(directory: string, pattern: RegExp, bytes: number): Promise<void> {
  for (let look = 0; look < 2400; look++) {
    const name = readdirSync(directory).find((one) => pattern.test(one))
    const draft = name === undefined ? undefined : join(directory, name, 'draft')
    if (draft !== undefined && existsSync(draft) && statSync(draft).size >= bytes) return
    await sleep(25)
  }
  throw new Error(`nothing grew in ${readdirSync(directory).join(', ')}`)
}

function sha256(pieces: Iterable<Uint8Array>): string {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

const NAME = /^acme-widgets-[0-9a-f]{12}\.tar\.gz$/

test('an archive comes under the name that Bitbucket gives, from another origin that gets no token', async (t) => {
  const { sandbox, work, archive } = await begin(t)

  const outcome = await archive('acme/widgets')

  t.like(outcome, { code: 0, stderr: '' })
  const [name = '', ...others] = readdirSync(work)
  t.regex(name, NAME)
  t.deepEqual(others, [])
  t.is(outcome.stdout, `${name}\n`)
  t.is(readFileSync(join(work, name)).toString('hex', 0, 2), '1f8b')
  t.deepEqual(
    sandbox.archives.requests.map(({ url, hasAuthorization }) => [url, hasAuthorization]),
    [['/acme/widgets/get/HEAD.tar.gz', true]],
  )
  t.deepEqual(
    sandbox.otherOrigin.requests.map(({ status, hasAuthorization }) => [status, hasAuthorization]),
    [[200, false]],
  )
})

test('over https, each origin is trusted as git is told to', async (t) => {
  const { home, sandbox } = await makeUser(t, { tls: true })
  home.useBrowser('follow.ts')
  const login = await home.helper('get', requestFor(sandbox.origin))
  t.is(login.code, 0, `${login.stderr}${home.browserErrors()}`)

  const outcome = await home.run(PROGRAM, ['archive', `${sandbox.origin}/acme/widgets`])

  t.like(outcome, { code: 0, stderr: '' })
  t.regex(outcome.stdout.trim(), NAME)
  t.regex(sandbox.origin, /^https:/)
})

test('a URL, a ref, a format and a file: each as it was typed', async (t) => {
  const { home, sandbox, work } = await begin(t)
  const url = `${sandbox.origin}/acme/widgets.git`

  const outcome = await home.run(PROGRAM, ['archive', url, 'main', '--format', 'zip', '-o', 'deep/er/w.zip'])

  t.deepEqual(outcome, { code: 0, stdout: 'deep/er/w.zip\n', stderr: '' })
  t.is(readFileSync(join(work, 'deep/er/w.zip')).toString('hex', 0, 4), '504b0304')
  t.is(sandbox.archives.requests[0]?.url, '/acme/widgets/get/main.zip')
})

test('JSON tells what lies where, by its schema', async (t) => {
  const { work, archive } = await begin(t)

  const { code, stdout, stderr } = await archive('acme/widgets', 'acme/absent', '-d', 'all', '--json')

  t.is(code, 1)
  t.regex(stderr, /1 of 2 archives are missing: acme\/absent\n/)
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const validate = new Ajv().compile(
    JSON.parse(
      readFileSync(fileURLToPath(new URL('../../docs/archive.schema.json', import.meta.url)), 'utf8'),
    ) as object,
  )
  for (const line of lines) t.true(validate(line), JSON.stringify([line, validate.errors]))
  const written = lines.find(({ state }) => state === 'written')
  const content = readFileSync(join(work, String(written?.['path'])))
  t.like(written, { repository: 'acme/widgets', ref: 'HEAD', bytes: content.length, sha256: sha256([content]) })
  const failed = lines.find(({ state }) => state === 'failed')
  t.is(failed?.['repository'], 'acme/absent')
  t.regex(String(failed?.['error']), /^there is no acme\/absent/)
})

test('300 MB pass through little memory, into a file and through a pipe', async (t) => {
  const asked = await begin(t)
  const { home, sandbox, work } = asked
  const size = 300_000_000
  Object.assign(sandbox.archives.settings, { syntheticSize: size })
  const expected = sha256(makeSyntheticArchive(size))

  const peak = await watchPeak(start(t, asked, 'acme/widgets', '-o', 'large.tar.gz'))
  const piped = await home.run('sh', [
    '-c',
    `${PROGRAM} archive acme/widgets -o - --host ${sandbox.origin} | sha256sum`,
  ])

  t.log(`peak: ${Math.round(peak / MiB)} MiB`)
  // Node 24 lets more garbage lie before it collects any, and begins with 10 MiB more.
  const most = Number.parseInt(process.versions.node, 10) < 22 ? 120 : 160
  t.true(peak > 0 && peak < most * MiB, `${peak}`)
  t.is(sha256([readFileSync(join(work, 'large.tar.gz'))]), expected)
  t.is(piped.stdout.slice(0, 64), expected)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} in the middle leaves nothing, and the file that was there before`, async (t) => {
    const asked = await begin(t)
    const { sandbox, work, archive } = asked
    Object.assign(sandbox.archives.settings, { syntheticSize: 5_000_000, stallAfter: 1_000_000 })
    writeFileSync(join(work, 'w.tar.gz'), 'before')
    const child = start(t, asked, 'acme/widgets', '-o', 'w.tar.gz')
    await growth(work, /\.part$/, 500_000)

    child.kill(signal)
    const [code, by] = (await once(child, 'close')) as [number | null, string | null]

    t.deepEqual([code, by], [null, signal])
    t.deepEqual(readdirSync(work), ['w.tar.gz'])
    t.is(readFileSync(join(work, 'w.tar.gz'), 'utf8'), 'before')
    sandbox.archives.settings.stallAfter = undefined
    t.like(await archive('acme/widgets', '-o', 'w.tar.gz'), { code: 0, stderr: '' })
    t.is(statSync(join(work, 'w.tar.gz')).size, 5_000_000)
  })
}

test('SIGINT in the middle of --extract leaves nothing', async (t) => {
  const asked = await begin(t)
  const { sandbox, work } = asked
  // Two members, so that the first one is whole when the second one never ends.
  const members = [GOOD, { path: 'top/noise', type: 'File', content: randomBytes(300_000).toString('hex') } as const]
  const whole = makeTar(members)
  const url = await serve(t, (_, response) => response.write(whole.subarray(0, whole.length / 2)))
  sandbox.archives.settings.fault = { status: 302, body: '', headers: { location: url.href } }
  const child = start(t, asked, 'acme/widgets', '--extract', 'new')
  await growth(work, /^new\.\d+-[\da-f]{12}\.part$/, 0)

  child.kill('SIGINT')
  const [code, by] = (await once(child, 'close')) as [number | null, string | null]

  t.deepEqual([code, by], [null, 'SIGINT'])
  t.deepEqual(readdirSync(work), [])
})

test('several without a login are one sentence, and exit code 4', async (t) => {
  const { home, sandbox, archive } = await begin(t)
  for (const directory of [home.runtime, home.data]) rmSync(directory, { recursive: true })
  home.env['CI'] = '1'

  const outcome = await archive('acme/widgets', 'acme/other')

  t.like(outcome, { code: 4, stdout: '' })
  t.is(outcome.stderr.match(/^git-credential/gm)?.length, 1)
  t.is(sandbox.archives.requests.length, 0)
})

test('what a killed process left is taken away by the next one', async (t) => {
  const asked = await begin(t)
  const { sandbox, work, archive } = asked
  Object.assign(sandbox.archives.settings, { syntheticSize: 5_000_000, stallAfter: 1_000_000 })
  const child = start(t, asked, 'acme/widgets', '-o', 'w.tar.gz')
  await growth(work, /\.part$/, 500_000)
  child.kill('SIGKILL')
  await once(child, 'close')
  t.regex(readdirSync(work).join(' '), /^w\.tar\.gz\.\d+-[\da-f]{12}\.part$/)

  sandbox.archives.settings.stallAfter = undefined
  await archive('acme/widgets', '-o', 'w.tar.gz')

  t.deepEqual(readdirSync(work), ['w.tar.gz'])
})

for (const hasLength of [true, false]) {
  test(`a connection that is cut is a failure, the length being ${hasLength ? 'known' : 'unknown'}`, async (t) => {
    const { sandbox, work, archive } = await begin(t)
    Object.assign(sandbox.archives.settings, { syntheticSize: 5_000_000, cutAfter: 1_000_000, hasLength })

    const outcome = await archive('acme/widgets', '-o', 'w.tar.gz')

    t.like(outcome, { code: 1, stdout: '' })
    t.regex(outcome.stderr, /cannot be reached \(the connection was cut\)/)
    t.deepEqual(readdirSync(work), [])
  })
}

test('a page to log in is never an archive', async (t) => {
  const { sandbox, work, archive } = await begin(t)
  const page = { body: '<html>', headers: { 'content-type': 'text/html; charset=utf-8' } }
  for (const fault of [
    { ...page, status: 200 },
    { ...page, status: 302, headers: { location: '/account/signin/?next=/acme/widgets' } },
  ]) {
    sandbox.archives.settings.fault = fault

    const outcome = await archive('acme/widgets')

    t.like(outcome, { code: 1, stdout: '' })
    t.regex(outcome.stderr, /answered with a web page, most likely its login page[^\n]*\nhint: [^\n]* doctor\n/)
  }
  t.deepEqual(readdirSync(work), [])
})

test('redirects: not to plain http elsewhere, and not for ever', async (t) => {
  const { sandbox, work, archive } = await begin(t)
  for (const [location, message] of [
    ['http://192.0.2.1/archive.tar.gz', /redirects to http:\/\/192\.0\.2\.1, where others/],
    [`${sandbox.origin}/acme/widgets/get/HEAD.tar.gz`, /redirects more than 5 times/],
    ['http://', /redirects to something that is not a URL/],
  ] as const) {
    sandbox.archives.settings.fault = { status: 302, body: '', headers: { location } }

    const outcome = await archive('acme/widgets')

    t.is(outcome.code, 1)
    t.regex(outcome.stderr, message)
  }
  t.deepEqual(readdirSync(work), [])
})

test('the token stays at home when the way leads to another port of the same host, and back', async (t) => {
  const { sandbox, archive } = await begin(t)
  const seen: (string | undefined)[] = []
  const other = createServer((request, response) => {
    seen.push(request.headers.authorization)
    const back = { location: `${sandbox.origin}/acme/widgets/get/HEAD.tar.gz` }
    response.writeHead(302, back).end()
  }).listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}/x`
  sandbox.archives.settings.fault = { status: 302, body: '', headers: { location }, times: 1 }

  const outcome = await archive('acme/widgets')

  t.is(outcome.code, 1)
  t.deepEqual(seen, [undefined])
  t.deepEqual(
    sandbox.archives.requests.map(({ hasAuthorization }) => hasAuthorization),
    [true, false],
  )
})

test('a token that was revoked is renewed, once for all', async (t) => {
  const { sandbox, archive } = await begin(t)
  sandbox.oauth.storage.forget('AccessToken')
  for (const name of ['one', 'two', 'three']) sandbox.addRepository(name)

  const outcome = await archive('acme/widgets', 'acme/one', 'acme/two', 'acme/three')

  t.like(outcome, { code: 0, stderr: '' })
  t.is(outcome.stdout.trim().split('\n').length, 4)
  t.is(sandbox.oauth.tokenRequests.length, 1)
})

test('what Bitbucket refuses is a sentence with what to do', async (t) => {
  const { sandbox, archive } = await begin(t)

  const missing = await archive('acme/widgets', 'v9')
  sandbox.access.rule = 'network'
  const shut = await archive('acme/widgets')
  sandbox.access.rule = undefined
  sandbox.oauth.scopesOf = async () => new Set(['account'])
  const scope = await archive('acme/widgets')

  t.regex(missing.stderr, /there is no acme\/widgets, or no v9 in it, or [^\n]*\nhint: [^\n]*doctor acme\/widgets\n/)
  t.regex(shut.stderr, /workspace acme admits only certain networks/)
  t.regex(
    scope.stderr,
    /lacks a permission: Repositories: Read\nhint: edit the consumer on [^\n]*\/acme\/workspace\/settings\/api: tick /,
  )
  t.deepEqual([missing.code, shut.code, scope.code], [1, 1, 1])
})

test('--extract unpacks without the top folder, into a directory that is new or empty', async (t) => {
  const { work, archive } = await begin(t)
  mkdirSync(join(work, 'empty'))

  const fresh = await archive('acme/widgets', '--extract', 'fresh')
  const empty = await archive('acme/widgets', '--extract', 'empty')
  const full = await archive('acme/widgets', '--extract', 'fresh')

  t.deepEqual(fresh, { code: 0, stdout: 'fresh\n', stderr: '' })
  t.is(empty.code, 0)
  t.is(readFileSync(join(work, 'fresh/README.md'), 'utf8'), '# widgets\n')
  t.deepEqual(readdirSync(join(work, 'empty')), ['README.md'])
  t.is(full.code, 2)
  t.regex(full.stderr, /fresh is there already, and is not an empty directory/)
  t.deepEqual(readdirSync(work), ['empty', 'fresh'])
})

type Entry = {
  path: string
  type: 'File' | 'SymbolicLink' | 'Link' | 'FIFO' | 'SparseFile'
  linkpath?: string
  content?: string
  mode?: number
}

function makeTar(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ path, type, linkpath, content = '', mode = 0o644 }) => {
    const header = new Header({
      path,
      type,
      ...(linkpath === undefined ? {} : { linkpath }),
      size: content.length,
      mode,
    })
    const block = Buffer.alloc(512)
    header.encode(block)
    const padded = Buffer.alloc(Math.ceil(content.length / 512) * 512)
    padded.write(content)
    return [block, padded]
  })
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

const GOOD: Entry = { path: 'top/good', type: 'File', content: 'good' }

for (const [title, hostile] of [
  ['a path upwards', [{ path: 'top/../../evil', type: 'File', content: 'evil' }]],
  [
    'a file behind a link',
    [
      { path: 'top/link', type: 'SymbolicLink', linkpath: '..' },
      { path: 'top/link/evil', type: 'File', content: 'evil' },
    ],
  ],
  [
    'a file behind a link that comes later',
    [
      { path: 'top/link/evil', type: 'File', content: 'evil' },
      { path: 'top/link', type: 'SymbolicLink', linkpath: '..' },
    ],
  ],
  [
    'a file in the place of a link',
    [
      { path: 'top/link', type: 'SymbolicLink', linkpath: '../../evil' },
      { path: 'top/link', type: 'File', content: 'evil' },
    ],
  ],
  [
    'a link behind a link',
    [
      { path: 'top/link', type: 'SymbolicLink', linkpath: '../..' },
      { path: 'top/link/evil', type: 'SymbolicLink', linkpath: '/etc' },
    ],
  ],
  ['a link at a path upwards', [{ path: 'top/../../evil', type: 'SymbolicLink', linkpath: '/etc' }]],
  [
    'a hard link through a link',
    [
      { path: 'top/link', type: 'SymbolicLink', linkpath: '/etc' },
      { path: 'top/passwd', type: 'Link', linkpath: 'top/link/passwd' },
    ],
  ],
  ['a hard link to a file outside', [{ path: 'top/passwd', type: 'Link', linkpath: '/etc/passwd' }]],
  ['a pipe', [{ path: 'top/pipe', type: 'FIFO' }]],
  ["git's own directory", [{ path: 'top/.git/config', type: 'File', content: '[core]\n\tfsmonitor = evil\n' }]],
  ["git's own directory in disguise", [{ path: 'top/sub/.GIT./config', type: 'File', content: 'evil' }]],
  ['a sparse file', [{ path: 'top/sparse', type: 'SparseFile' }]],
] as [string, Entry[]][]) {
  test(`--extract: an archive with ${title} is refused, and nothing is left of it`, async (t) => {
    const { home, sandbox, work, archive } = await begin(t)
    const outside = readdirSync(home.path)
    sandbox.archives.settings.fault = {
      status: 200,
      body: makeTar([GOOD, ...hostile]) as unknown as string,
      headers: { 'content-type': 'application/x-gzip' },
    }

    const outcome = await archive('acme/widgets', '--extract', 'new')

    t.is(outcome.code, 1, outcome.stdout)
    t.regex(outcome.stderr, /the archive was not unpacked, and nothing was left of it: .*\nhint: /)
    t.deepEqual(readdirSync(work), [])
    t.deepEqual(readdirSync(home.path), outside)
  })
}

test('--extract makes links that lead out as they are, and nothing is written through them', async (t) => {
  const { home, sandbox, work, archive } = await begin(t)
  const outside = readdirSync(home.path)
  const links = { hosts: '/etc/hosts', 'sub/up': '../../neighbour', 'new/deep/up': '../../..', inner: 'good' }
  const entries = Object.entries(links).map(([path, linkpath]): Entry => ({
    path: `top/${path}`,
    type: 'SymbolicLink',
    linkpath,
  }))
  sandbox.archives.settings.fault = {
    status: 200,
    body: makeTar([...entries, GOOD]) as unknown as string,
    headers: { 'content-type': 'application/x-gzip' },
  }

  const { code, stderr } = await archive('acme/widgets', '--extract', 'new')

  t.is(code, 0, stderr)
  t.deepEqual(
    Object.fromEntries(Object.keys(links).map((path) => [path, readlinkSync(join(work, 'new', path))])),
    links,
  )
  t.is(readFileSync(join(work, 'new/good'), 'utf8'), 'good')
  t.deepEqual(readdirSync(work), ['new'])
  t.deepEqual(readdirSync(home.path), outside)
})

test('an archive whose bytes the server has encoded is saved as it came, and that is said', async (t) => {
  const { sandbox, work, archive } = await begin(t)
  const body = makeTar([GOOD])
  sandbox.archives.settings.fault = {
    status: 200,
    body: body as unknown as string,
    headers: { 'content-type': 'application/x-tar', 'content-encoding': 'gzip' },
  }

  const { code, stderr } = await archive('acme/widgets', '-o', 'w.tar.gz')

  t.is(code, 0)
  t.regex(
    stderr,
    /^[^\n]*: 127\.0\.0\.1:\d+ encoded its answer \(gzip\), which was not asked for, and nothing decodes it here\n$/,
  )
  t.true(readFileSync(join(work, 'w.tar.gz')).equals(body))
})

test('--extract: an absolute path stays inside', async (t) => {
  const { home, sandbox, work, archive } = await begin(t)
  const path = join(home.path, 'evil')
  const body = makeTar([GOOD, { path, type: 'File', content: 'evil' }]) as unknown as string
  sandbox.archives.settings.fault = { status: 200, body, headers: { 'content-type': 'application/x-gzip' } }

  const outcome = await archive('acme/widgets', '--extract', 'new')

  t.is(outcome.code, 0)
  t.true(existsSync(join(work, 'new', path)))
  t.false(existsSync(path))
})

test('--extract makes no program that runs as its owner, and fails with a broken or cut archive', async (t) => {
  const { sandbox, work, archive } = await begin(t)
  const headers = { 'content-type': 'application/x-gzip' }
  const whole = makeTar([{ path: 'top/program', type: 'File', content: 'x'.repeat(100_000), mode: 0o6755 }])
  const send = (body: Buffer): Promise<Outcome> => {
    sandbox.archives.settings.fault = { status: 200, body: body as unknown as string, headers }
    return archive('acme/widgets', '--extract', 'new')
  }

  const cut = await send(whole.subarray(0, -30))
  const noise = await send(Buffer.from('this is no archive at all'))
  const empty = readdirSync(work)
  const good = await send(whole)

  t.deepEqual([cut.code, noise.code, good.code], [1, 1, 0])
  t.regex(cut.stderr, /the archive was not unpacked/)
  t.regex(noise.stderr, /the archive was not unpacked/)
  t.deepEqual(empty, [])
  t.is(statSync(join(work, 'new/program')).mode & 0o7000, 0)
})

test('-o - can be piped into tar, and into what does not read to the end', async (t) => {
  const { home, sandbox, work } = await begin(t)
  const command = `${PROGRAM} archive acme/widgets --host ${sandbox.origin} -o -`

  const listed = await home.run('sh', ['-c', `${command} | tar tz`])
  sandbox.archives.settings.syntheticSize = 5_000_000
  const cut = await home.run('bash', ['-c', `set -o pipefail; ${command} | head -c 2 | od -An -tx1`])

  t.like(listed, { code: 0, stderr: '' })
  t.regex(listed.stdout, /^acme-widgets-[0-9a-f]{12}\/README\.md$/m)
  t.like(cut, { code: 0, stdout: ' 1f 8b\n', stderr: '' })
  t.deepEqual(readdirSync(work), [])
})

test('a terminal gets no archive, but a line that tells how far it is', async (t) => {
  const asked = await begin(t)
  const { home, sandbox, work } = asked
  Object.assign(sandbox.archives.settings, { syntheticSize: 200_000_000 })
  const words = [PROGRAM, 'archive', 'acme/widgets', '--host', sandbox.origin]

  const refused = Terminal.open(t, home, [...words, '-o', '-'])
  const refusal = await refused.ended
  const shown = Terminal.open(t, home, [...words, '-o', 'w.tar.gz'], { columns: 60 })
  await shown.waitFor(/acme\/widgets {2}\d+\.\d MB of 200\.0 MB {2}\d+\.\d MB\/s {2}0:\d\d left/)
  const code = await shown.ended

  t.is(refusal, 2)
  t.regex(refused.screen(), /a terminal is no place for a file/)
  t.is(code, 0)
  t.is(shown.screen(), 'w.tar.gz')
  t.deepEqual(readdirSync(work), ['w.tar.gz'])
})

for (const [title, args, message] of [
  ['no repository', [], /no repository is named/],
  ['a word that is none', ['widgets'], /that does not name a repository/],
  ['two refs', ['acme/widgets', 'v1', '--ref', 'v2'], /two refs are named/],
  [
    'a ref that leads elsewhere',
    ['acme/widgets', '--ref', '../../other/get/main'],
    /that is not a branch, tag or commit/,
  ],
  ['--all without a workspace', ['--all'], /--all and --workspace belong together/],
  ['--all and a repository', ['--all', '--workspace', 'acme', 'acme/widgets'], /--all takes no repository/],
  ['a file for several', ['acme/a', 'acme/b', '-o', 'x'], /-o and --extract take one repository/],
  ['a file and a directory', ['acme/a', '-o', 'x', '-d', 'y'], /-o, -d and --extract exclude each other/],
  [
    'a zip to unpack',
    ['acme/a', '--format', 'zip', '--extract', 'x'],
    /--extract unpacks tar\.gz only\n.*hint: leave out --format/,
  ],
  ['another format', ['acme/a', '--format', 'rar'], /Invalid values/],
  ['JSON and the archive on stdout', ['acme/a', '-o', '-', '--json'], /cannot both go to stdout/],
  [
    'a directory in the place of a file',
    ['acme/a', '-o', '.'],
    /\. is a directory, and a file has to be written there/,
  ],
] as const) {
  test(`wrong usage is said before anything is asked: ${title}`, async (t) => {
    const { sandbox, work, archive } = await begin(t)

    const outcome = await archive(...args)

    t.like(outcome, { code: 2, stdout: '' })
    t.regex(outcome.stderr, message)
    t.is(sandbox.archives.requests.length, 0)
    t.deepEqual(readdirSync(work), [])
  })
}

test('a place that cannot be written to is a sentence', async (t) => {
  const { work, archive } = await begin(t)
  writeFileSync(join(work, 'file'), '')

  const outcome = await archive('acme/widgets', '-o', 'file/w.tar.gz')

  t.is(outcome.code, 1)
  t.regex(outcome.stderr, /file\/w\.tar\.gz cannot be written: a file stands where a directory should be\nhint: /)
})

test('an archive that is written to a pipe or a link leaves the pipe and the link', async (t) => {
  const { home, work, archive } = await begin(t)
  writeFileSync(join(work, 'real'), 'older')
  symlinkSync('real', join(work, 'link'))
  execFileSync('mkfifo', [join(work, 'pipe')])

  const linked = await archive('acme/widgets', '-o', 'link')
  const reading = home.run('sh', ['-c', 'tar tz < pipe'])
  const piped = await archive('acme/widgets', '-o', 'pipe')

  t.is(linked.code, 0, linked.stderr)
  t.true(lstatSync(join(work, 'link')).isSymbolicLink())
  t.is(readFileSync(join(work, 'real')).subarray(0, 2).toString('hex'), '1f8b')
  t.is(piped.code, 0, piped.stderr)
  t.true(statSync(join(work, 'pipe')).isFIFO())
  t.regex((await reading).stdout, /README\.md\n/)
})

test('a pipe whose reader goes away in the middle is a sentence', async (t) => {
  const { home, sandbox, work, archive } = await begin(t)
  sandbox.archives.settings.syntheticSize = 10_000_000
  execFileSync('mkfifo', [join(work, 'pipe')])

  const reading = home.run('head', ['-c', '10', 'pipe'])
  const { code, stderr } = await archive('acme/widgets', '-o', 'pipe')
  await reading

  t.is(code, 1)
  t.regex(stderr, /: pipe cannot be written: its reader has gone\nhint: correct that, and run the command again\n$/)
  t.true(statSync(join(work, 'pipe')).isFIFO())
})

test('--extract of an archive with files beside the folder is refused, and not passed over in silence', async (t) => {
  const { sandbox, work, archive } = await begin(t)
  const body = makeTar([{ path: 'README', type: 'File', content: 'x' }]) as unknown as string
  sandbox.archives.settings.fault = { status: 200, body, headers: { 'content-type': 'application/x-gzip' } }

  const { code, stderr } = await archive('acme/widgets', '--extract', 'new')

  t.is(code, 1)
  t.regex(stderr, /: the archive was not unpacked, and nothing was left of it: README lies beside the folder\nhint: /)
  t.deepEqual(readdirSync(work), [])
})

for (const [title, headers, body] of [
  ['a text', { 'content-type': 'text/plain' }, 'Service temporarily out'],
  ['nothing', { 'content-type': 'application/x-gzip', 'content-length': '0' }, ''],
] as const) {
  test(`${title} in the place of an archive is none`, async (t) => {
    const { sandbox, work, archive } = await begin(t)
    sandbox.archives.settings.fault = { status: 200, body, headers }

    const { code, stderr } = await archive('acme/widgets')

    t.is(code, 1)
    t.regex(stderr, /: 127\.0\.0\.1:\d+ sent no archive\nhint: /)
    t.deepEqual(readdirSync(work), [])
  })
}

const NAMED_BY_SERVER = {
  status: 200,
  body: 'evil',
  headers: { 'content-type': 'application/x-gzip', 'content-disposition': 'attachment; filename="backup.tar.gz"' },
}

for (const [title, lay] of [
  ['of another length', (path: string) => writeFileSync(path, 'mine, and longer')],
  ['of the same length', (path: string) => writeFileSync(path, 'mine')],
  ['that begins in the same way', (path: string) => writeFileSync(path, 'evil, and more')],
  ['that is empty', (path: string) => writeFileSync(path, '')],
  ['that is a link', (path: string) => symlinkSync('elsewhere', path)],
  [
    'that is a link to the same',
    (path: string) => (writeFileSync(join(path, '../same'), 'evil'), symlinkSync('same', path)),
  ],
  ['that is a pipe', (path: string) => execFileSync('mkfifo', [path])],
] as const) {
  test(`a name that the server gives replaces no file that is there: ${title}`, async (t) => {
    const { sandbox, work, archive } = await begin(t)
    sandbox.archives.settings.fault = NAMED_BY_SERVER
    const path = join(work, 'backup.tar.gz')
    lay(path)
    const before = lstatSync(path)

    const refused = await archive('acme/widgets')
    const after = lstatSync(path)
    const forced = await archive('acme/widgets', '--force')

    t.like(refused, { code: 1, stdout: '' })
    t.regex(refused.stderr, /: backup\.tar\.gz is there already, and is something else\nhint: [^\n]*--force[^\n]*\n$/)
    t.deepEqual([after.ino, after.size, after.mtimeMs], [before.ino, before.size, before.mtimeMs])
    t.deepEqual(forced, { code: 0, stdout: 'backup.tar.gz\n', stderr: '' })
    t.true(lstatSync(path).isFile())
    t.is(readFileSync(path, 'utf8'), 'evil')
  })
}

test('the same archive again is no failure, and the file stays', async (t) => {
  const { work, archive } = await begin(t)
  const first = await archive('acme/widgets')
  const path = join(work, first.stdout.trim())
  const { ino } = lstatSync(path)

  const again = await archive('acme/widgets')
  const program = await archive('acme/widgets', '--json')

  t.deepEqual(again, first)
  t.like(JSON.parse(program.stdout), {
    state: 'present',
    bytes: statSync(path).size,
    sha256: sha256([readFileSync(path)]),
  })
  t.is(lstatSync(path).ino, ino)
  t.deepEqual(readdirSync(work), [first.stdout.trim()])
})

test('--force downloads again what is there of several', async (t) => {
  const { work, sandbox, archive } = await begin(t)
  sandbox.addRepository('gadgets')
  await archive('acme/widgets', 'acme/gadgets')
  const names = readdirSync(work)
  for (const name of names) writeFileSync(join(work, name), 'mine')

  const kept = await archive('acme/widgets', 'acme/gadgets')
  const before = names.map((name) => readFileSync(join(work, name), 'utf8'))
  const forced = await archive('acme/widgets', 'acme/gadgets', '--force')

  t.regex(kept.stderr, /2 of 2 archives were there already\n/)
  t.deepEqual(before, ['mine', 'mine'])
  t.like(forced, { code: 0, stderr: '' })
  for (const name of names) t.is(readFileSync(join(work, name)).toString('hex', 0, 2), '1f8b')
})

test('two archives of one name are not one file', async (t) => {
  const { sandbox, work, archive } = await begin(t)
  sandbox.addRepository('gadgets')
  const headers = { 'content-type': 'application/x-gzip', 'content-disposition': 'attachment; filename="same.tar.gz"' }
  sandbox.archives.settings.fault = { status: 200, body: 'x', headers }

  const { code, stderr } = await archive('acme/widgets', 'acme/gadgets')

  t.is(code, 1)
  t.regex(stderr, /same\.tar\.gz is already the archive of acme\/\w+\n/)
  t.deepEqual(readdirSync(work), ['same.tar.gz'])
})

for (const [title, values] of [
  ['an address on another host', (url: URL) => [{ full_name: `${url.href}acme/widgets`, mainbranch: {} }]],
  ['no name', () => [{ mainbranch: {} }]],
] as const) {
  test(`--all: ${title} in the place of a repository's name is asked for nowhere`, async (t) => {
    const { home, sandbox } = await begin(t)
    const asked: (string | undefined)[] = []
    const other = await serve(t, (request, response) => {
      asked.push(request.headers.authorization)
      response.end()
    })
    sandbox.api.settings.fault = { status: 200, body: JSON.stringify({ values: values(other) }) }

    const args = ['archive', '--workspace', 'acme', '--all', '--host', sandbox.origin]
    const { code, stdout, stderr } = await home.run(PROGRAM, args)

    t.is(code, 1)
    t.is(stdout, '')
    t.regex(stderr, /: 127\.0\.0\.1:\d+ lists a repository without a valid name\nhint: /)
    t.deepEqual(asked, [])
  })
}

for (const [title, args] of [
  ['an empty path', ['-o', '']],
  ['a directory for -o', ['-o', 'new/']],
  ['--extract into where you are', ['--extract', '.']],
] as const) {
  test(`a place that cannot be one is said before anything is asked: ${title}`, async (t) => {
    const { sandbox, work, archive } = await begin(t)

    const { code, stderr } = await archive('acme/widgets', ...args)

    t.is(code, 2)
    t.regex(stderr, /\nhint: /)
    t.deepEqual(sandbox.archives.requests, [])
    t.deepEqual(readdirSync(work), [])
  })
}
