import test, { type ExecutionContext } from 'ava'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, quote } from '../helpers/home.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { Terminal } from '../helpers/terminal.ts'
import { makeUser } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const PROGRAM = 'git-credential-bitbucket-oauth'
const BITBUCKET = 'https://bitbucket.org'

/** Colours, a title, the cursor, C1, the reading direction, a lone return, line separators, DEL; no line of its own. */
const LINE = 'x\u001B[31mred\u001B]0;title\u0007\u009B2J\u0085\u202Eturned\u2066\u200F\u061C\u2028\u2029\u007F\rover'

/** The same with a line that claims to be ours. */
const HOSTILE = `${LINE}\n4. The test\nall is well`

/** What no terminal may get of it, and no reader of JSON as it is. */
const RAW = /[^\P{C}\n\t]|[\u2028\u2029]/u

const REFUSAL = JSON.stringify({ error: { message: HOSTILE, fields: { [HOSTILE]: HOSTILE } } })
const OAUTH_REFUSAL = {
  status: 400,
  type: 'application/json',
  body: JSON.stringify({ error: 'invalid_grant', error_description: HOSTILE }),
}

type Attacked = { readonly home: Home; readonly sandbox: Sandbox }

/** Somebody who is logged in to a server, and to Bitbucket, and whose records and helpers have such texts too. */
async function begin(t: ExecutionContext): Promise<Attacked> {
  const { home, sandbox } = await makeUser(t)
  home.configureFor(sandbox, BITBUCKET)
  home.useBrowser('follow.ts')
  // Nothing that is printed has a colour of ours then.
  home.env['NO_COLOR'] = '1'
  for (const url of [sandbox.origin, BITBUCKET]) {
    await plantLogin(home, sandbox, { url })
    const record = home.record(home.runtime, url)
    writeFileSync(home.recordPath(home.runtime, url), JSON.stringify({ ...record, scopes: `repository,${HOSTILE}` }))
  }
  home.configure({ [`credential.${BITBUCKET}.helper`]: LINE.replaceAll('\r', '').replaceAll('\u0007', '') })
  return { home, sandbox }
}

const DOWNLOADS = {
  status: 200,
  body: JSON.stringify({ values: [{ name: HOSTILE, size: 1, created_on: HOSTILE, downloads: 1 }] }),
}
const asText = { headers: { 'content-type': 'text/plain' } }

for (const [title, args, arrange] of [
  ['status', ['status'], () => {}],
  ['doctor', ['doctor'], ({ sandbox }) => (sandbox.api.settings.fault = { status: 500, body: REFUSAL })],
  [
    'doctor acme/widgets',
    ['doctor', 'acme/widgets'],
    ({ sandbox }) => {
      const detail = { required: [HOSTILE] }
      sandbox.api.settings.fault = { status: 403, body: JSON.stringify({ error: { message: HOSTILE, detail } }) }
    },
  ],
  ['downloads list', ['downloads', 'list', 'acme/widgets'], ({ sandbox }) => (sandbox.api.settings.fault = DOWNLOADS)],
  [
    'downloads list that is refused',
    ['downloads', 'list', 'acme/widgets'],
    ({ sandbox }) => (sandbox.api.settings.fault = { status: 400, body: REFUSAL }),
  ],
  [
    'downloads put',
    ['downloads', 'put', 'acme/widgets', LINE],
    ({ home }) => writeFileSync(join(home.path, 'work', LINE), ''),
  ],
  [
    'archive',
    ['archive', 'acme/widgets'],
    ({ sandbox }) => (sandbox.archives.settings.fault = { status: 400, body: REFUSAL }),
  ],
  ['archive into a directory of such a name', ['archive', 'acme/widgets', '-d', LINE], () => {}],
  ['api, JSON', ['api', 'x'], ({ sandbox }) => (sandbox.api.settings.fault = DOWNLOADS)],
  [
    'api, text',
    ['api', 'x'],
    ({ sandbox }) => (sandbox.api.settings.fault = { status: 200, body: HOSTILE, ...asText }),
  ],
  ['api --paginate', ['api', 'x', '--paginate'], ({ sandbox }) => (sandbox.api.settings.fault = DOWNLOADS)],
  ['api that is refused', ['api', 'x'], ({ sandbox }) => (sandbox.api.settings.fault = { status: 400, body: REFUSAL })],
  [
    'api -i',
    ['api', '-i', 'x'],
    ({ sandbox }) => (sandbox.api.settings.fault = { status: 200, body: '', headers: { 'x-evil': '\u009B2J\u0085' } }),
  ],
  ['login', ['login'], ({ sandbox }) => (sandbox.oauth.settings.fault = OAUTH_REFUSAL)],
  [
    'token',
    ['token'],
    ({ home, sandbox }) => {
      home.expire(BITBUCKET)
      sandbox.oauth.settings.fault = OAUTH_REFUSAL
    },
  ],
  ['refresh', ['refresh'], ({ sandbox }) => (sandbox.oauth.settings.fault = OAUTH_REFUSAL)],
] as const satisfies readonly (readonly [string, readonly string[], (attacked: Attacked) => unknown])[]) {
  test(`no text of a server, a file or git moves a terminal: ${title}`, async (t) => {
    const attacked = await begin(t)
    arrange(attacked)

    const terminal = Terminal.open(t, attacked.home, ['git', PROGRAM.slice('git-'.length), ...onServer(args, attacked)])
    await terminal.ended

    const printed = shownBy(terminal)
    t.not(printed, '')
    t.notRegex(printed, RAW)
    // What api prints is the server's, with its lines; all else has one line for each text.
    if (title !== 'api, text') t.notRegex(printed, /^(4\. The test|all is well)/m)
  })
}

for (const [title, args, arrange] of [
  ['status', ['status'], () => {}],
  ['doctor', ['doctor'], ({ sandbox }) => (sandbox.api.settings.fault = { status: 500, body: REFUSAL })],
  ['downloads list', ['downloads', 'list', 'acme/widgets'], ({ sandbox }) => (sandbox.api.settings.fault = DOWNLOADS)],
  [
    'archive',
    ['archive', 'acme/widgets', 'acme/other'],
    ({ sandbox }) => (sandbox.archives.settings.fault = { status: 400, body: REFUSAL }),
  ],
  ['archive into a directory of such a name', ['archive', 'acme/widgets', '-d', LINE], () => {}],
] as const satisfies readonly (readonly [string, readonly string[], (attacked: Attacked) => unknown])[]) {
  test(`JSON escapes what moves a terminal, and loses nothing: ${title}`, async (t) => {
    const attacked = await begin(t)
    arrange(attacked)

    const { stdout, stderr } = await attacked.home.run(PROGRAM, [...onServer(args, attacked), '--json'])

    t.notRegex(stdout, RAW)
    t.notRegex(stderr, RAW)
    if (title === 'archive') for (const line of stdout.trim().split('\n')) t.like(JSON.parse(line), { state: 'failed' })
    else if (title === 'downloads list') t.like(JSON.parse(stdout), { files: [{ name: HOSTILE, createdOn: HOSTILE }] })
    else t.is(typeof JSON.parse(stdout), 'object')
  })
}

test('what api gives to a pipe is the answer, byte for byte', async (t) => {
  const { home, sandbox } = await begin(t)
  for (const status of [200, 400]) {
    sandbox.api.settings.fault = { status, body: `${HOSTILE}\r\n`, ...asText }

    const { stdout } = await home.run(PROGRAM, ['api', 'x', '--host', sandbox.origin])

    t.is(stdout, `${HOSTILE}\r\n`)
  }
})

test('setup shows a refusal as one text, and no line of the server’s among its own', async (t) => {
  const { home, sandbox } = await begin(t)
  const { key, secret } = sandbox.oauth.consumer
  home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID'] = key
  home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET'] = secret
  sandbox.oauth.settings.fault = OAUTH_REFUSAL

  const terminal = Terminal.open(t, home, ['git', 'credential-bitbucket-oauth', 'setup', 'acme'])
  const code = await terminal.ended

  t.is(code, 1)
  const printed = shownBy(terminal)
  t.regex(printed, /3\. The login/)
  t.notRegex(printed, RAW)
  t.notRegex(printed, /^\s*(4\. The test|all is well)/m)
})

test('what is downloaded and sent shows no such name while it is on its way', async (t) => {
  const { home, sandbox } = await begin(t)
  const name = LINE.replaceAll('\r', '')
  sandbox.downloads.add('acme/widgets', name, Buffer.alloc(60_000_000))
  const command = [PROGRAM, 'downloads', 'get', 'acme/widgets', name, '-o', 'file', '--host', sandbox.origin]

  const terminal = Terminal.open(t, home, ['sh', '-c', `${command.map(quote).join(' ')} && echo done`])
  sandbox.downloads.settings.dripUntil = () => terminal.printed.includes(' of 60.0 MB')
  await terminal.ended

  t.regex(terminal.printed, / of 60\.0 MB[^]*done/)
  t.notRegex(shownBy(terminal), RAW)
})

const ESCAPE = '\u001B'
const DRAWN = new RegExp(`\\r([^\\r\\n]*)${ESCAPE}\\[K`, 'g')

/** All that was printed, but for what ends a line, and draws the line that moves. */
function shownBy({ printed }: Terminal): string {
  return printed.replaceAll(/\r\n/g, '\n').replaceAll(DRAWN, '$1')
}

/** Bitbucket's own address leads nowhere here. */
function onServer(args: readonly string[], { sandbox }: Attacked): readonly string[] {
  const [command = ''] = args
  return ['archive', 'api', 'downloads'].includes(command) ? [...args, '--host', sandbox.origin] : args
}
