import test from 'ava'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../helpers/home.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { needProgram } from '../helpers/programs.ts'
import { makeUser } from '../helpers/user.ts'

const PROGRAM = 'git-credential-bitbucket-oauth'
const BITBUCKET = 'https://bitbucket.org'
const OURS = 'GIT_CREDENTIAL_BITBUCKET_OAUTH_'

/** Long enough for an environment. Bytes. */
const LONGEST = 1_000_000

type Start = { readonly program: string; readonly args: string; readonly env: string }

/** All programs that ran, with what each got. */
function readStarts(log: string): Start[] {
  const calls = readFileSync(log, 'utf8').matchAll(/execve\("((?:[^"\\]|\\.)*)", \[(.*?)\], \[(.*?)\]\) += 0$/gm)
  return [...calls].map(([, program = '', args = '', env = '']) => ({ program, args, env }))
}

for (const [way, choose] of [
  ['BROWSER names', () => {}],
  // What is not said by BROWSER is left to a library there, which finds this one.
  [
    'Windows would choose for WSL',
    ({ env, path }: Home) => {
      renameSync(String(env['BROWSER']), join(path, 'bin/xdg-open'))
      delete env['BROWSER']
      env['WSL_DISTRO_NAME'] = 'Debian'
    },
  ],
] as const)
  test(`no program that a login starts gets the consumer’s secret, with the browser that ${way}`, async (t) => {
    t.timeout(300_000, 'strace slows everything down')
    needProgram('strace')
    const daemon = await KeyringDaemon.start(t)
    const { home, sandbox } = await makeUser(t)
    Object.assign(home.env, daemon.env)
    home.configureFor(sandbox, BITBUCKET)
    home.useBrowser('follow.ts')
    choose(home)
    const { key, secret } = sandbox.oauth.consumer
    Object.assign(home.env, {
      [`${OURS}CLIENT_ID`]: key,
      [`${OURS}CLIENT_SECRET`]: secret,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `credential.${BITBUCKET}.oauthClientSecret`,
      GIT_CONFIG_VALUE_0: secret,
      GIT_CONFIG_PARAMETERS: `'credential.${BITBUCKET}.oauthclientsecret'='${secret}'`,
      NODE_OPTIONS: '--no-warnings',
    })
    const log = join(home.path, 'tmp-strace')

    const traced = ['-f', '-qq', '-v', '-s', String(LONGEST), '-e', 'trace=execve', '-o', log, PROGRAM, 'login']
    const { code, stderr } = await home.run('strace', traced)
    await home.shownPage()
    const starts = readStarts(log)
    // The log has the secret, and the program that it is about had it from here.
    writeFileSync(log, '')

    t.is(code, 0, stderr)
    const own = new Set(
      starts.filter(({ program, args }) => args.includes('"login"') && /node|env|oauth/.test(program)),
    )
    const children = starts.filter((start) => !own.has(start))
    const named = (part: string): Start[] => children.filter(({ program, args }) => `${program} ${args}`.includes(part))
    for (const part of ['/git', `${home.path}/bin/`, 'keyringProcess']) t.not(named(part).length, 0, part)
    t.deepEqual(
      children.filter(({ env }) => env.includes(OURS)).map(({ program, args }) => `${program} ${args}`),
      [],
      'nothing of ours',
    )
    t.deepEqual(
      children.filter(({ env, program }) => env.includes(secret) && !program.endsWith('/git')).map(({ args }) => args),
      [],
      'git alone is told what git alone needs',
    )
    t.true(named('/git').every(({ env }) => env.includes('GIT_CONFIG_VALUE_0')))
    t.true(named('keyringProcess').every(({ env }) => !env.includes('NODE_OPTIONS')))
  })
