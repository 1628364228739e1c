import test, { type ExecutionContext } from 'ava'
import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../helpers/home.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { startRegistry } from '../helpers/registry.ts'
import { makeUser } from '../helpers/user.ts'

const NAME = 'git-credential-bitbucket-oauth'
const RELEASE = 'RELEASE'

/** A user who has installed the release by npm, into a prefix of their own. */
async function install(
  t: ExecutionContext,
): Promise<{ home: Home; prefix: string; front: string; url: string; origin: string }> {
  const release = process.env[RELEASE]
  if (release === undefined) throw new Error(`${RELEASE} is not set: run npm run test:front`)
  const { home, sandbox } = await makeUser(t)
  await plantLogin(home, sandbox)
  const registry = await startRegistry(t, release)
  const prefix = join(home.path, 'prefix')
  const args = ['install', '--global', '--prefix', prefix, '--registry', registry, '--no-audit', '--no-fund', NAME]
  const { code, stderr } = await home.run('npm', [...args, '--cache', join(home.path, 'npm')])
  if (code !== 0) throw new Error(stderr)
  rmSync(join(home.path, 'npm'), { recursive: true, force: true })
  rmSync(join(home.path, 'bin', NAME))
  symlinkSync(join(prefix, 'bin', NAME), join(home.path, 'bin', NAME))
  const modules = join(prefix, 'lib/node_modules')
  const front = [join(modules, NAME, 'node_modules'), modules]
    .map((place) => join(place, `@${NAME}/linux-x64/front`))
    .find((path) => existsSync(path))
  if (front === undefined) throw new Error('npm has installed no front')
  return { home, prefix, front, url: sandbox.repository('widgets'), origin: sandbox.origin }
}

/** The programs that git has started for one command, by their names. */
async function programsOf(
  home: Home,
  ...args: readonly string[]
): Promise<{ code: number | null; programs: string[] }> {
  const log = join(home.path, 'execve')
  const { code } = await home.run('strace', [
    '-f',
    '-qq',
    '-e',
    'trace=execve',
    '-e',
    'signal=none',
    '-o',
    log,
    'git',
    ...args,
  ])
  const programs = readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => /execve\("([^"]+)".* = 0$/.exec(line)?.[1] ?? [])
  rmSync(log)
  return { code, programs: programs.map((path) => path.replace(/^.*\//, '')) }
}

test('npm installs the front that fits, without a command of its own, and configure has git start it', async (t) => {
  const { home, prefix, front, url } = await install(t)
  await home.git('config', '--global', '--unset-all', 'credential.helper')

  const configure = await home.run(NAME, ['configure'])
  const again = await home.run(NAME, ['configure'])
  const helper = (await home.git('config', '--get-all', 'credential.https://bitbucket.org.helper')).stdout
  await home.git('config', '--global', 'credential.helper', helper.trim())
  const { code, programs } = await programsOf(home, 'ls-remote', '--quiet', url)

  t.deepEqual(readdirSync(join(prefix, 'bin')), [NAME])
  t.is(lstatSync(front).mode & 0o777, 0o755)
  t.is(configure.code, 0, configure.stderr)
  t.regex(configure.stdout, /helper = !f\(\) \{ x=\S+\/front; /)
  t.regex(again.stdout, /^nothing to do: /)
  t.is(code, 0)
  t.true(programs.includes('front'))
  t.false(programs.includes('node'), programs.join(' '))
})

test('where the front is gone, git starts the program by its name; status and doctor say so, configure sets it anew', async (t) => {
  const { home, front, origin } = await install(t)
  await home.run(NAME, ['configure'])
  const helper = (await home.git('config', '--get-all', 'credential.https://bitbucket.org.helper')).stdout.trim()
  await home.git('config', '--global', 'credential.helper', helper)
  const before = await home.run(NAME, ['status'])

  renameSync(front, `${front}.away`)
  const fill = await home.run('git', ['credential', 'fill'], { input: `url=${origin}\n\n` })
  const status = await home.run(NAME, ['status'])
  const configure = await home.run(NAME, ['configure'])
  const unconfigure = await home.run(NAME, ['unconfigure'])

  t.regex(before.stdout, /git starts the native one, \S+\/front/)
  t.is(fill.code, 0, fill.stderr)
  t.regex(fill.stdout, /^password=/m)
  t.regex(status.stdout, /the native one is gone, so git starts this program by its name/)
  t.regex(configure.stdout, /set the second line in [^\n]+ anew:\n[^\n]+\n\thelper = \n\thelper = bitbucket-oauth\n/)
  t.regex(unconfigure.stdout, /^took out of /)
})

test('unconfigure knows the line that starts the front', async (t) => {
  const { home } = await install(t)
  const before = readFileSync(join(home.path, '.gitconfig'), 'utf8')

  await home.run(NAME, ['configure'])
  const { code, stdout } = await home.run(NAME, ['unconfigure'])

  t.is(code, 0)
  t.regex(stdout, /helper = !f\(\)/)
  t.is(
    readFileSync(join(home.path, '.gitconfig'), 'utf8')
      .replace(/\n?\[credential "https:\/\/bitbucket.org"\]\n$/, '\n')
      .trim(),
    before.trim(),
  )
})
