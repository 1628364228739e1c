import test from 'ava'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../helpers/home.ts'
import { makeLoggedInUser } from '../helpers/user.ts'

const NAME = 'git-credential-bitbucket-oauth'

/** How often the front has handed over to the whole program. */
async function countHandOvers(home: Home, operation: string, input: string | Buffer): Promise<number> {
  const log = join(home.path, 'execve')
  const program = join(home.path, 'bin', NAME)
  const tracing = ['-f', '-qq', '-e', 'trace=execve', '-e', 'signal=none', '-o', log]
  await home.run('strace', [...tracing, program, operation], { input })
  const count = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => /execve\("[^"]+\/bin\.cjs".* = 0$/.test(line)).length
  rmSync(log)
  return count
}

type Prepare = (home: Home, origin: string) => void

const OWN: readonly (readonly [title: string, operation: string, more: string, prepare?: Prepare])[] = [
  ['a get', 'get', ''],
  ['a get by git 2.46 and later', 'get', 'capability[]=authtype\ncapability[]=state\n'],
  ['a get with a username', 'get', 'username=alice\n'],
  ['a get with a username beyond ASCII', 'get', 'username=Zoë\n'],
  ['a get with a path', 'get', 'path=acme/widgets.git\n'],
  ['a store', 'store', 'username=x-token-auth\npassword=another\n'],
  ['a store of nothing', 'store', ''],
  ['an erase of another token', 'erase', 'username=x-token-auth\npassword=another\n'],
  ['capability', 'capability', ''],
]

for (const [title, operation, more] of OWN) {
  test(`with a fresh token, ${title} is the front’s alone`, async (t) => {
    const { home, request } = await makeLoggedInUser(t)

    t.is(await countHandOvers(home, operation, `${more}${request}`), 0)
  })
}

const HANDED_OVER: readonly (readonly [
  title: string,
  operation: string,
  input: (request: string) => string | Buffer,
  prepare?: Prepare,
])[] = [
  ['a get with a token that has ended', 'get', (request) => request, (home, origin) => home.expire(origin)],
  ['a get without a token', 'get', () => 'protocol=https\nhost=github.com\n\n'],
  [
    'a get after the server has refused the token',
    'get',
    (request) => `capability[]=state\nstate[]=bitbucket-oauth:f00d:0:\n${request}`,
  ],
  ['a request that is none', 'get', () => 'protocol\n\n'],
  ['a request with a control character', 'get', (request) => `username=a\u0001\n${request}`],
  ['a request of more than a megabyte', 'get', (request) => `x=${'y'.repeat(1_100_000)}\n${request}`],
  ['a username that is not UTF-8', 'get', (request) => Buffer.from(`username=\u00FF\n${request}`, 'latin1')],
  ['an erase without a token', 'erase', (request) => request],
  ['a trace', 'get', (request) => request, (home) => (home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_TRACE'] = '1')],
  [
    'a token of the environment',
    'get',
    (request) => request,
    (home) => (home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_ACCESS_TOKEN'] = 'x'),
  ],
  ['an unknown home', 'store', (request) => `username=x-token-auth\npassword=another\n${request}`, forgetPlaces],
  ['a person’s command', 'status', () => ''],
]

function forgetPlaces(home: Home): void {
  for (const name of ['HOME', 'XDG_RUNTIME_DIR', 'XDG_CACHE_HOME']) delete home.env[name]
}

for (const [title, operation, input, prepare = () => {}] of HANDED_OVER) {
  test(`${title} is handed over once`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    home.forbidBrowser()
    prepare(home, sandbox.origin)

    t.is(await countHandOvers(home, operation, input(request)), 1)
  })
}
