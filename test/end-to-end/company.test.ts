import test, { type ExecutionContext } from 'ava'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Home } from '../helpers/home.ts'
import { freePort } from '../helpers/ports.ts'
import { takeTurn } from '../helpers/takeTurn.ts'
import { Terminal } from '../helpers/terminal.ts'
import { Sandbox } from '../sandbox/sandbox.ts'

const NAME = 'git-credential-bitbucket-oauth'
const PAGE = readFileSync(new URL('../../docs/company.md', import.meta.url), 'utf8')

/** An example of docs/company.md, as it stands there. */
function example(name: string): string {
  const found = new RegExp(`<!-- runs: ${name} -->\\n+\`\`\`sh\\n(.*)\\n\`\`\``).exec(PAGE)?.[1]
  if (found === undefined) throw new Error(`docs/company.md has no example ${name}`)
  return found
}

type Company = { readonly home: Home; readonly sandbox: Sandbox; readonly system: string }

/** A person at a machine whose system configuration an administrator may write. */
async function makeCompany(t: ExecutionContext): Promise<Company> {
  await takeTurn(t)
  const sandbox = await Sandbox.start(`http://localhost:${await freePort()}`)
  const home = new Home()
  home.pointTo(sandbox, 'https://bitbucket.org')
  home.useBrowser('follow.ts')
  const system = join(home.path, 'system.gitconfig')
  writeFileSync(system, '[core]\n\tautocrlf = input\n')
  delete home.env['GIT_CONFIG_NOSYSTEM']
  home.env['GIT_CONFIG_SYSTEM'] = system
  t.teardown(async () => {
    await sandbox.stop()
    const leaks = home.findLeaks(sandbox.oauth.secrets)
    await home.remove()
    if (leaks.length > 0) throw new Error(`secrets leaked to ${leaks.join(', ')}`)
  })
  const { code, stderr } = await home.run('sh', [
    '-ec',
    example('administrator').replace('KEY', sandbox.oauth.consumer.key),
  ])
  t.deepEqual([code, stderr], [0, ''])
  return { home, sandbox, system }
}

test('an administrator gives the key once, in the system’s configuration; a second time changes nothing', async (t) => {
  const { home, sandbox, system } = await makeCompany(t)
  const { key } = sandbox.oauth.consumer
  const before = readFileSync(system, 'utf8')

  const again = await home.run(NAME, ['configure', '--system', '--key', key])
  const dry = await home.run(NAME, ['configure', '--system', '--key', 'another', '--dry-run'])
  const empty = await home.run(NAME, ['configure', '--system', '--key', ''])

  t.is(
    before,
    `[core]\n\tautocrlf = input\n[credential "https://bitbucket.org"]\n\thelper = \n\thelper = bitbucket-oauth\n\toauthClientId = ${key}\n`,
  )
  t.is(again.code, 0)
  t.regex(again.stdout, /has both lines already\n.*has the key already\n$/s)
  t.is(dry.code, 0)
  t.is(empty.code, 2)
  t.is(readFileSync(system, 'utf8'), before)
})

test('a person is asked for the secret alone, and logs in; their own configuration stays as it is', async (t) => {
  const { home, sandbox } = await makeCompany(t)
  const file = join(home.path, '.gitconfig')
  const before = readFileSync(file, 'utf8')

  const terminal = Terminal.open(t, home, ['sh', '-c', example('person')])
  await terminal.waitFor('? Secret')
  terminal.type('wrong\r')
  await terminal.waitFor(/refuses[^]*\? Secret/)
  terminal.type(`${sandbox.oauth.consumer.secret}\r`)
  const code = await terminal.ended
  const answered = await home.run('git', ['credential', 'fill'], { input: 'protocol=https\nhost=bitbucket.org\n\n' })

  t.is(code, 0, terminal.screen())
  t.notRegex(terminal.text(), /Your workspace|\? Key/)
  t.regex(terminal.text(), /git asks this program already: /)
  t.regex(terminal.text(), /git is ready\s*$/)
  t.is(readFileSync(file, 'utf8'), before)
  t.deepEqual(
    sandbox.oauth.tokenRequests.filter(({ status }) => status === 200),
    [{ grantType: 'authorization_code', status: 200 }],
  )
  t.regex(answered.stdout, /^username=x-token-auth$/m)
})

test('a script sends the secret, and doctor tells on each machine what is missing then', async (t) => {
  const { home, sandbox } = await makeCompany(t)
  writeFileSync(join(home.path, 'secret'), `${sandbox.oauth.consumer.secret}\n`)

  const setup = await home.run('sh', ['-ec', `${example('script').replace('FILE', '../secret')}; rm ../secret`])
  const doctor = await home.run('sh', ['-c', example('doctor')])

  t.deepEqual([setup.code, setup.stderr], [0, ''])
  t.is(doctor.code, 4, doctor.stdout)
  const { findings } = JSON.parse(doctor.stdout) as { findings: { check: string; level: string }[] }
  t.deepEqual(
    findings.filter(({ level }) => level === 'fault').map(({ check }) => check),
    ['login'],
  )
})

test('without a terminal, what is missing is said to be the secret', async (t) => {
  const { home } = await makeCompany(t)

  const { code, stderr } = await home.run(NAME, ['setup'])

  t.is(code, 2)
  t.regex(
    stderr,
    /is missing, and there is no terminal to ask for it\nhint: git credential-bitbucket-oauth setup --secret-stdin < FILE/,
  )
})
