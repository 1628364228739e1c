import test from 'ava'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { endpointSettings } from '../helpers/home.ts'
import { makeLoggedInWindowsUser, makeWindowsUser } from './windowsUser.ts'

test.serial('typed in cmd, by npm’s script: all is said to be right', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t)
  const cmd = String.raw`C:\windows\system32\cmd.exe`

  const [status] = await user.run({ program: cmd, args: ['/d', '/c', 'git-credential-bitbucket-oauth.cmd', 'status'] })
  const doctor = await user.command('doctor', '--json', sandbox.origin)

  t.is(status?.code, 0, status?.stderr)
  const { findings } = JSON.parse(doctor.stdout) as { findings: { check: string; level: string; text: string }[] }
  t.deepEqual(
    findings.filter(({ level }) => level === 'fault'),
    [],
  )
  t.is(findings.find(({ check }) => check === 'program')?.text, String.raw`C:\npm\git-credential-bitbucket-oauth`)
})

test.serial('configure and unconfigure leave what else is there, with its line ends', async (t) => {
  const { user } = await makeWindowsUser(t)
  const file = join(user.path, '.gitconfig')
  const before = '[user]\r\n\tname = Sandbox\r\n; a comment\r\n[credential]\r\n\thelper = other\r\n'
  writeFileSync(file, before)

  const configured = await user.command('configure')
  const between = readFileSync(file, 'utf8')
  const again = await user.command('configure')
  const unconfigured = await user.command('unconfigure')

  for (const { code, stderr } of [configured, again, unconfigured]) t.is(code, 0, stderr)
  t.regex(between, /bitbucket-oauth/)
  t.true(between.startsWith(before))
  const after = readFileSync(file, 'utf8')
  t.notRegex(after, /bitbucket-oauth/)
  t.true(after.startsWith(before))
})

test.serial('setup takes the key as an option and the secret from a pipe', async (t) => {
  const { user, sandbox } = await makeWindowsUser(t)
  const { key, secret } = sandbox.oauth.consumer
  user.configure(endpointSettings(sandbox, 'https://bitbucket.org'))
  const { program, args, input } = user.helperCall('setup', `${secret}\n`)

  const [outcome] = await user.run({
    program,
    args: [...args, 'acme', '--key', key, '--secret-stdin', '--no-login'],
    ...(input === undefined ? {} : { input }),
  })
  const kept = await user.git(['config', '--global', '--get', 'credential.https://bitbucket.org.oauthClientId'])
  const status = await user.command('status', '--json')

  t.is(outcome?.code, 0, outcome?.stderr)
  t.regex(outcome?.stdout ?? '', /git is ready; the first command that needs a login opens the browser\n$/)
  t.is(kept.stdout.trim(), key)
  t.regex(status.stdout, /the secret is not in git's configuration, but with the logins/)
})

test.serial(
  'archives: into a file, unpacked into a directory as Tab completes it, and over an empty one',
  async (t) => {
    const { user, sandbox } = await makeLoggedInWindowsUser(t)
    const host = ['--host', sandbox.origin]

    const file = await user.command('archive', 'acme/widgets', '-o', 'widgets.tar.gz', ...host)
    const [made] = await user.run({
      program: String.raw`C:\windows\system32\cmd.exe`,
      args: ['/d', '/c', 'mkdir', 'empty'],
    })
    const unpacked = await user.command('archive', 'acme/widgets', '--extract', String.raw`new\\`, ...host)
    const over = await user.command('archive', 'acme/widgets', '--extract', 'empty', ...host)

    for (const { code, stderr } of [file, unpacked, over]) t.is(code, 0, stderr)
    t.is(made?.code, 0)
    t.true(existsSync(join(user.path, 'work/widgets.tar.gz')))
    for (const name of ['new', 'empty']) t.true(existsSync(join(user.path, 'work', name, 'README.md')), name)
  },
)

test.serial('api, downloads, token and logout', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t)
  const host = ['--host', sandbox.origin]
  writeFileSync(join(user.path, 'work/file.bin'), 'content')

  const asked = await user.command('api', 'repositories/acme/widgets', ...host)
  const mangled = await user.command('api', 'C:/Program Files/Git/2.0/user', ...host)
  const put = await user.command('downloads', 'put', 'acme/widgets', 'file.bin', ...host)
  const list = await user.command('downloads', 'list', 'acme/widgets', ...host)
  const got = await user.command('downloads', 'get', 'acme/widgets', 'file.bin', '-o', 'copy', ...host)
  const device = await user.command('downloads', 'get', 'acme/widgets', 'NUL', ...host)
  const token = await user.command('token', sandbox.origin)
  const logout = await user.command('logout', sandbox.origin)

  for (const { code, stderr } of [asked, put, list, got, token, logout]) t.is(code, 0, stderr)
  t.truthy((JSON.parse(asked.stdout) as Record<string, unknown>)['full_name'])
  t.regex(list.stdout, /^7 B .*file\.bin\n$/)
  t.is(mangled.code, 2)
  t.regex(mangled.stderr, /Git Bash[^\n]*\nhint: leave the first slash out/)
  t.is(readFileSync(join(user.path, 'work/copy'), 'utf8'), 'content')
  t.regex(device.stderr, /Windows takes no file of the name NUL\n/)
  t.true(token.stdout.trim().length > 1000)
  t.deepEqual(user.files(user.data), [])
})
