import test from 'ava'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAnswer, requestFor } from '../helpers/user.ts'
import {
  FRONT,
  makeLoggedInWindowsUser,
  makeWindowsUser,
  type WindowsOutcome,
  type WindowsUser,
} from './windowsUser.ts'

const REFRESH = { grantType: 'refresh_token', status: 200 }

/** The front without the rest of the program, so that it answers by itself or says that the rest is missing. */
function layAlone(user: WindowsUser): string {
  const drive = join(process.env['WINEPREFIX'] ?? '', 'drive_c')
  mkdirSync(join(user.path, 'alone'))
  copyFileSync(join(drive, FRONT.slice('C:\\'.length).replaceAll('\\', '/')), join(user.path, 'alone/front.exe'))
  return `${user.env['USERPROFILE']}\\alone\\front.exe`
}

async function start(user: WindowsUser, program: string, operation: string, input: string): Promise<WindowsOutcome> {
  const [outcome] = await user.run({ program, args: [operation], input })
  if (outcome === undefined) throw new Error('the runner gave no outcome')
  return outcome
}

test.serial('a cached token is the answer of the front alone, also in a home beyond ASCII', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t, { name: 'Zoë Müller' })
  const input = `capability[]=authtype\ncapability[]=state\n${requestFor(sandbox.origin)}\n`
  const whole = await user.helper('get', input)

  const alone = await start(user, layAlone(user), 'get', input)

  t.deepEqual([alone.code, alone.stderr], [0, ''])
  t.truthy(parseAnswer(alone.stdout)['password'])
  t.is(alone.stdout, whole.stdout)
})

test.serial('store, and erase of another token, are the front’s alone', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t)
  const front = layAlone(user)
  const input = `${requestFor(sandbox.origin)}username=x-token-auth\npassword=another one\n`

  for (const operation of ['store', 'erase', 'capability']) {
    const { code, stderr } = await start(user, front, operation, input)
    t.deepEqual([operation, code, stderr], [operation, 0, ''])
  }
})

test.serial('without a token, the front that is alone says that the rest is missing', async (t) => {
  const { user } = await makeWindowsUser(t)

  const { code, stdout, stderr } = await start(user, layAlone(user), 'get', 'protocol=https\nhost=bitbucket.org\n\n')

  t.deepEqual([code, stdout], [1, ''])
  t.regex(stderr, /^git-credential-bitbucket-oauth: the rest of this program is missing; install it once more\r?\n$/)
})

test.serial('git asks the front, and a token that has ended is refreshed by the whole program', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t)
  user.configure({ 'credential.helper': '' })
  user.configure({ 'credential.helper': FRONT.replaceAll('\\', '/') })
  const request = requestFor(sandbox.origin)
  const before = await user.git(['credential', 'fill'], request)
  user.expire(sandbox.origin)

  const after = await user.git(['credential', 'fill'], request)

  t.deepEqual([before.code, before.stderr, after.code, after.stderr], [0, '', 0, ''])
  const { password = '' } = parseAnswer(after.stdout)
  t.not(password, parseAnswer(before.stdout)['password'])
  t.truthy(await sandbox.oauth.scopesOf(password))
  t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
})

test.serial('a node.exe in the directory that git stands in is not run', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t)
  copyFileSync(
    join(process.env['WINEPREFIX'] ?? '', 'drive_c/windows/system32/winver.exe'),
    join(user.path, 'work/node.exe'),
  )
  user.env['Path'] = `.;${user.env['Path']}`
  user.expire(sandbox.origin)

  const { code, stdout, stderr } = await start(user, FRONT, 'get', requestFor(sandbox.origin))

  t.deepEqual([code, stderr], [0, ''])
  t.truthy(await sandbox.oauth.scopesOf(parseAnswer(stdout)['password'] ?? ''))
})

test.serial('what the whole program says and its exit code pass through, with its words', async (t) => {
  const { user } = await makeWindowsUser(t)

  const [help] = await user.run({ program: FRONT, args: ['status', 'a b', '--frobnicate="x y"'] })

  t.is(help?.code, 2)
  t.regex(help?.stderr ?? '', /there is no option --frobnicate/)
})

test.serial('configure has git start the front, and unconfigure takes it out again', async (t) => {
  const { user } = await makeWindowsUser(t)
  const file = join(user.path, '.gitconfig')
  writeFileSync(file, '')

  const { code, stderr } = await user.command('configure')
  const configured = readFileSync(file, 'utf8')
  await user.command('unconfigure')

  t.is(code, 0, stderr)
  t.true(configured.includes('win32-x64'), configured)
  t.true(!existsSync(file) || !readFileSync(file, 'utf8').includes('front.exe'))
})
