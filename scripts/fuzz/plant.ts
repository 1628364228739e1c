import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { plantToken } from '../plantToken.ts'

/** A home with cached tokens for the fuzzer, and what it begins with. */
const [, , home = ''] = process.argv
const accessToken = `${'a'.repeat(2600)}=`
const accounts = [
  { protocol: 'https', host: 'bitbucket.org' },
  { protocol: 'https', host: 'bitbucket.org', username: 'alice' },
  { protocol: 'https', host: 'git.acme.example', contextPath: '/bitbucket' },
]
for (const account of accounts) {
  const directory = join(home, 'runtime/git-credential-bitbucket-oauth')
  plantToken(directory, account, { accessToken, home, lifetime: 1_000_000 })
}

const requests = {
  plain: 'protocol=https\nhost=bitbucket.org\n\n',
  full: 'capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=bitbucket.org\nwwwauth[]=Basic realm="x"\n\n',
  user: 'protocol=https\nhost=bitbucket.org\nusername=alice\n\n',
  other: 'protocol=https\nhost=bitbucket.org\nusername=Zo\u00EB\n\n',
  path: 'protocol=https\nhost=git.acme.example\npath=bitbucket/scm/acme/widgets.git\n\n',
  state: 'capability[]=state\nprotocol=https\nhost=bitbucket.org\nstate[]=bitbucket-oauth:f00d:0:alice\n\n',
  password: `protocol=https\nhost=bitbucket.org\nusername=x-token-auth\npassword=${accessToken}\n\n`,
  bearer: `capability[]=authtype\nauthtype=Bearer\ncredential=x\nephemeral=1\nprotocol=https\nhost=bitbucket.org\n\n`,
}
/** For each of calls.ts, in its order. */
const calls = [
  '\u00E4\u20AC',
  '/etc/passwd',
  '/tmp',
  '/etc',
  '/etc/hostname',
  '/etc/hostname',
  '1',
  '7',
  '9',
  '{"a":[1]}',
  '%41',
  'HOME',
  'a file',
  '1',
  '2',
]
for (const [directory, texts] of [
  ['requests', Object.entries(requests)],
  ['calls', calls.map((text, index) => [String(index), `${chooser(index)}${text}\n\n`])],
] as const) {
  mkdirSync(join(home, directory))
  for (const [name = '', text = ''] of texts) writeFileSync(join(home, directory, name), text)
}

/** The byte by which calls.ts chooses: one that can be read. */
function chooser(index: number): string {
  return String.fromCharCode(3 * calls.length + index)
}
