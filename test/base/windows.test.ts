import test from 'ava'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { findBrowser } from '../../src/base/browser.ts'
import { isFixed } from '../../src/base/fixedPath.ts'
import { findHome } from '../../src/base/home.ts'
import { absoluteEntries, findHelper, programNames } from '../../src/base/programs.ts'
import { quote, shellWord } from '../../src/base/shell.ts'
import { makeDirectory } from '../helpers/directory.ts'

/** What is to hold on Windows, and what elsewhere, as far as it can be told here: paths have this system's form. */
const { platform } = process

test.serial.afterEach.always(() => {
  Object.defineProperty(process, 'platform', { value: platform })
})

function pretendWindows(): void {
  Object.defineProperty(process, 'platform', { value: 'win32' })
}

test.serial('on Windows, PATH is found in a copy of the environment under each spelling', (t) => {
  pretendWindows()

  t.deepEqual(absoluteEntries({ Path: '//server/bin' }), ['//server/bin'])
  t.deepEqual(absoluteEntries({ Path: '//server/second', PATH: '//server/first' }), ['//server/first'])
  t.deepEqual(absoluteEntries({ PATHEXT: '//server/bin' }), [])
})

test.serial('elsewhere, Path is another variable than PATH', (t) => {
  t.deepEqual(absoluteEntries({ Path: '/usr/bin' }), [])
})

test.serial('on Windows a path is fixed by its drive or its server', (t) => {
  pretendWindows()

  for (const path of ['C:\\bin', 'c:/bin', '\\\\server\\share', '//server/share', '\\\\?\\C:\\bin'])
    t.true(isFixed(path), path)
  for (const path of ['/bin', '\\bin', 'C:', 'C:bin', 'bin', '', '.', '//', '///bin']) t.false(isFixed(path), path)
})

test.serial('on Windows Node starts .exe alone, and git finds a script without an ending too', (t) => {
  const directory = makeDirectory(t)
  for (const name of ['git.cmd', 'helper', 'other.exe']) {
    writeFileSync(join(directory, name), '')
    chmodSync(join(directory, name), 0o755)
  }
  // An entry that this system and Windows both take for fixed.
  const env = { PATH: `/${directory}`, SystemRoot: '' }
  pretendWindows()

  t.deepEqual(programNames('git'), ['git.exe'])
  t.deepEqual(programNames('firefox.EXE'), ['firefox.EXE'])
  t.deepEqual(
    ['git', 'helper', 'other'].map((name) => findHelper(name, env) !== undefined),
    [false, true, true],
  )
  t.is(delimiter, ':')
})

test.serial('git’s home: HOME, on Windows else the drive that is there, else the profile', (t) => {
  const directory = makeDirectory(t)
  const env = { HOMEDRIVE: directory, HOMEPATH: '/home', USERPROFILE: 'profile' }
  t.is(findHome(env), undefined)
  t.is(findHome({ ...env, HOME: 'own' }), 'own')
  pretendWindows()

  t.is(findHome({ ...env, HOME: 'own' }), 'own')
  t.is(findHome(env), 'profile')
  mkdirSync(join(directory, 'home'))
  t.is(findHome(env), join(directory, 'home'))
  t.is(findHome({}), undefined)
})

const answers = (system: NodeJS.Platform, env: NodeJS.ProcessEnv): boolean => findBrowser(env, system) !== undefined

test.serial('a browser is looked for where somebody sits', (t) => {
  t.true(answers('win32', { SESSIONNAME: 'Console' }))
  t.true(answers('win32', { SESSIONNAME: 'RDP-Tcp#3' }))
  t.false(answers('win32', {}))
  t.false(answers('win32', { SESSIONNAME: 'Console', SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }))
  t.true(answers('darwin', {}))
  t.false(answers('darwin', { SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }))
  t.true(answers('linux', { WSL_DISTRO_NAME: 'Debian' }))
})

test('a hint can be pasted into the reader’s shell', (t) => {
  const spaced = String.raw`C:\Users\Jürgen Müller\a b`
  t.is(quote(String.raw`C:\users\alice\.gitconfig`, false), String.raw`C:\users\alice\.gitconfig`)
  t.is(quote(spaced, false), `"${spaced}"`)
  t.is(quote('credential.https://bitbucket.org.helper', false), 'credential.https://bitbucket.org.helper')
  t.is(quote('$(calc) `calc` "x"', false), '"`$(calc) ``calc`` ""x"""')
  t.is(quote('a & b\\', false), '"a & b\\\\"')
  t.is(quote("it's", true), "'it'\\''s'")
  t.deepEqual([shellWord('mv', true), shellWord('mv', false), shellWord('rm', false)], ['mv', 'move', 'del'])
})
