import { Ajv } from 'ajv'
import test, { type ExecutionContext } from 'ava'
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Home, Outcome } from '../helpers/home.ts'
import { makeLoggedInUser } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

type Asked = {
  readonly home: Home
  readonly sandbox: Sandbox
  /** Where the command is run. */
  readonly work: string
  readonly downloads: (action: string, ...args: readonly string[]) => Promise<Outcome>
}

/** Somebody who is logged in, and `downloads` for acme/widgets. */
async function begin(t: ExecutionContext): Promise<Asked> {
  const { home, sandbox } = await makeLoggedInUser(t)
  const downloads = (action: string, ...args: readonly string[]): Promise<Outcome> =>
    home.run('git-credential-bitbucket-oauth', ['downloads', action, 'acme/widgets', ...args, '--host', sandbox.origin])
  return { home, sandbox, work: join(home.path, 'work'), downloads }
}

test('list tells all files, for people and as JSON', async (t) => {
  const { sandbox, downloads } = await begin(t)
  sandbox.downloads.add('acme/widgets', 'setup.exe', Buffer.alloc(1_234_567))
  sandbox.downloads.add('acme/widgets', 'forged\u001B[2J name', Buffer.from('x'))

  const people = await downloads('list')
  const program = await downloads('list', '--json')

  t.is(people.stderr, '')
  t.regex(
    people.stdout,
    /^1\.2 MB {2}\d{4}-\d\d-\d\d {2}setup\.exe\n {3}1 B {2}\d{4}-\d\d-\d\d {2}forged\uFFFD\[2J name\n$/,
  )
  const report = JSON.parse(program.stdout) as { files: object[] }
  const schema = fileURLToPath(new URL('../../docs/downloads.schema.json', import.meta.url))
  t.true(new Ajv().validate(JSON.parse(readFileSync(schema, 'utf8')) as object, report))
  t.like(report.files[0], { name: 'setup.exe', bytes: 1_234_567, downloads: 0 })
})

test('get downloads one, from another origin that gets no token', async (t) => {
  const { sandbox, work, downloads } = await begin(t)
  const content = Buffer.alloc(3_000_000, 'é')
  sandbox.downloads.add('acme/widgets', 'two words.bin', content)

  const outcome = await downloads('get', 'two words.bin')
  const named = await downloads('get', 'two words.bin', '-o', 'other')

  t.deepEqual(outcome, { code: 0, stdout: 'two words.bin\n', stderr: '' })
  t.is(named.stdout, 'other\n')
  t.deepEqual(readdirSync(work), ['other', 'two words.bin'])
  t.true(readFileSync(join(work, 'two words.bin')).equals(content))
  t.deepEqual(
    sandbox.otherOrigin.requests.map(({ hasAuthorization }) => hasAuthorization),
    [false, false],
  )
})

test('get writes through no link under the name that it asks for', async (t) => {
  const { home, sandbox, work, downloads } = await begin(t)
  sandbox.downloads.add('acme/widgets', 'setup.sh', Buffer.from('evil'))
  writeFileSync(join(home.path, '.bashrc'), 'mine')
  // As a clone brings it.
  symlinkSync('../.bashrc', join(work, 'setup.sh'))

  const refused = await downloads('get', 'setup.sh')
  const isLeft = lstatSync(join(work, 'setup.sh')).isSymbolicLink()
  const { code } = await downloads('get', 'setup.sh', '--force')

  t.is(refused.code, 1)
  t.true(isLeft)
  t.is(code, 0)
  t.is(readFileSync(join(home.path, '.bashrc'), 'utf8'), 'mine')
  t.true(lstatSync(join(work, 'setup.sh')).isFile())
  t.is(readFileSync(join(work, 'setup.sh'), 'utf8'), 'evil')
})

test('get replaces nothing that is there under the name, unless it is told to; a file that is typed is replaced', async (t) => {
  const { sandbox, work, downloads } = await begin(t)
  sandbox.downloads.add('acme/widgets', 'Makefile', Buffer.from('evil'))
  writeFileSync(join(work, 'Makefile'), 'mine')
  const read = (): string => readFileSync(join(work, 'Makefile'), 'utf8')

  const refused = await downloads('get', 'Makefile')
  const before = read()
  const forced = await downloads('get', 'Makefile', '--force')
  const again = await downloads('get', 'Makefile')
  writeFileSync(join(work, 'Makefile'), 'mine')
  const typed = await downloads('get', 'Makefile', '-o', 'Makefile')

  t.like(refused, { code: 1, stdout: '' })
  t.regex(refused.stderr, /: Makefile is there already, and is something else\nhint: [^\n]*--force[^\n]*\n$/)
  t.is(before, 'mine')
  for (const outcome of [forced, again, typed]) t.deepEqual(outcome, { code: 0, stdout: 'Makefile\n', stderr: '' })
  t.is(read(), 'evil')
})

test('put sends no file that a link in a clone leads to', async (t) => {
  const { home, sandbox, work, downloads } = await begin(t)
  writeFileSync(join(home.path, 'id_rsa'), 'secret')
  symlinkSync('../id_rsa', join(work, 'report.txt'))

  const { code, stderr } = await downloads('put', 'report.txt')

  t.is(code, 2)
  t.regex(stderr, /report\.txt leads to [^\n]*\/id_rsa, out of its directory, so it is not sent\nhint: [^\n]*id_rsa\n$/)
  t.is(sandbox.api.requests.length, 0)
})

test('get writes nothing outside, and nothing for what is not there', async (t) => {
  const { sandbox, work, downloads } = await begin(t)
  sandbox.downloads.add('acme/widgets', '../evil', Buffer.from('evil'))

  const absent = await downloads('get', 'absent')
  const upwards = await downloads('get', '../evil')
  const dots = await downloads('get', '..')

  t.is(absent.code, 1)
  t.regex(absent.stderr, /there is no acme\/widgets, or no absent among its downloads, or the account/)
  t.is(upwards.stdout, 'evil\n')
  t.is(dots.code, 2)
  t.deepEqual(readdirSync(work), ['evil'])
})

test('put uploads files under their names, also an empty one, in the place of older ones', async (t) => {
  const { sandbox, work, downloads } = await begin(t)
  const large = Buffer.alloc(20_000_000, 'large')
  sandbox.downloads.add('acme/widgets', 'large.bin', Buffer.from('older'))
  writeFileSync(join(work, 'large.bin'), large)
  writeFileSync(join(work, 'empty'), '')
  writeFileSync(join(work, 'a "quoted" ü.txt'), 'text')

  const outcome = await downloads('put', 'large.bin', 'empty', join(work, 'a "quoted" ü.txt'))

  t.deepEqual(outcome, { code: 0, stdout: 'large.bin\nempty\na "quoted" ü.txt\n', stderr: '' })
  const files = sandbox.downloads.list('acme/widgets')
  t.true(files.get('large.bin')?.content.equals(large))
  t.is(files.get('empty')?.content.length, 0)
  t.is([...files.keys()].length, 3)
})

test('put needs a permission of the consumer, and renews a token that was revoked', async (t) => {
  const { sandbox, work, downloads } = await begin(t)
  writeFileSync(join(work, 'file'), 'content')
  sandbox.oauth.storage.forget('AccessToken')

  const renewed = await downloads('put', 'file')
  sandbox.oauth.scopesOf = async () => new Set(['repository'])
  const refused = await downloads('put', 'file')

  t.like(renewed, { code: 0, stderr: '' })
  t.is(sandbox.downloads.list('acme/widgets').get('file')?.content.toString(), 'content')
  t.is(refused.code, 1)
  t.regex(
    refused.stderr,
    /the consumer lacks a permission: Repositories: Write\nhint: edit the consumer on [^\n]*\/acme\/workspace[^\n]*: tick Repositories: Write, and save\nhint: then log in once more: /,
  )
})

for (const [title, args, message] of [
  ['another action', ['delete', 'x'], /Invalid values/],
  ['a file that is not there', ['put', 'absent'], /absent cannot be read \(ENOENT\)/],
  ['a directory', ['put', '.'], /\. is not a plain file/],
  ['nothing to put', ['put'], /no file is named/],
  ['nothing to get', ['get'], /get takes the name of one file/],
  ['two to get', ['get', 'a', 'b'], /get takes the name of one file/],
  ['a file to list', ['list', 'a'], /list takes no file/],
] as const) {
  test(`wrong usage is said before anything is asked: ${title}`, async (t) => {
    const { sandbox, downloads } = await begin(t)
    const [action, ...rest] = args

    const outcome = await downloads(action, ...rest)

    t.like(outcome, { code: 2, stdout: '' })
    t.regex(outcome.stderr, message)
    t.is(sandbox.api.requests.length, 0)
  })
}

for (const [title, ranges, hasChanged, expected] of [
  ['goes on from there, as often as it takes', 'etag', false, 0],
  ['ends in a sentence where the server takes no ranges', 'none', false, 1],
  ['ends in a sentence where the file has changed meanwhile', 'etag', true, 1],
  ['ends in a sentence where the server sends a part of the changed file', 'careless', true, 1],
] as const) {
  test(`get: what breaks off ${title}`, async (t) => {
    const { sandbox, work, downloads } = await begin(t)
    const content = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index % 251))
    sandbox.downloads.add('acme/widgets', 'file.bin', content)
    Object.assign(sandbox.downloads.settings, { ranges, cutAfter: 400_000 })
    if (hasChanged)
      sandbox.downloads.onBreak = () =>
        sandbox.downloads.add('acme/widgets', 'file.bin', Buffer.alloc(content.length, 'B'))

    const { code, stdout, stderr } = await downloads('get', 'file.bin')

    t.is(code, expected, stderr)
    t.deepEqual(
      sandbox.downloads.ranges,
      expected === 0
        ? [undefined, 'bytes=400000-', 'bytes=800000-']
        : [undefined, 'bytes=400000-'].slice(0, ranges === 'none' ? 1 : 2),
    )
    t.true(sandbox.otherOrigin.requests.every(({ hasAuthorization }) => !hasAuthorization))
    if (expected === 0) {
      t.deepEqual({ stdout, stderr }, { stdout: 'file.bin\n', stderr: '' })
      t.true(readFileSync(join(work, 'file.bin')).equals(content))
    } else {
      t.regex(stderr, /cannot be reached \(the connection was cut\)\nhint: /)
      t.false(readdirSync(work).some((name) => name.startsWith('file.bin')))
    }
  })
}
