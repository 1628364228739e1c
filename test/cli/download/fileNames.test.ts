import test from 'ava'
import { readdirSync } from 'node:fs'
import { ignoresCase, isFileName, startNameCheck } from '../../../src/cli/download/fileNames.ts'
import { makeDirectory } from '../../helpers/directory.ts'

test('Windows gives some names to devices, and changes others', (t) => {
  const taken = [
    'CON',
    'nul',
    'aux.txt',
    'com1',
    'LPT9.log',
    'COM¹',
    'con .x',
    'CONIN$',
    'a:b',
    'a?',
    'a\\b',
    'end.',
    'end ',
    'a\tb',
  ]
  for (const name of taken) t.false(isFileName(name, 'win32'), name)
  for (const name of ['console', 'com', 'com10', 'null', '.gitignore', 'a b', 'ü', 'com0.x', 'lptx']) {
    t.true(isFileName(name, 'win32'), name)
  }
  for (const name of taken) t.true(isFileName(name, 'linux'), name)
})

test('names that differ in case alone are one file where the file system says so', (t) => {
  const paths = ['top/README', 'top/docs/a', 'top/Docs/b', 'top/readme']
  const seeing = startNameCheck(false, 'darwin')
  const blind = startNameCheck(true, 'darwin')

  t.deepEqual(
    paths.map((path) => seeing(path, false)),
    [undefined, undefined, undefined, undefined],
  )
  t.deepEqual(
    paths.map((path) => blind(path, false)),
    [undefined, undefined, undefined, 'top/readme and top/README are one file here'],
  )
})

test('a link in one spelling is no directory in the other', (t) => {
  const check = startNameCheck(true, 'win32')

  t.is(check('top/A', false), undefined)
  t.is(check('top/a/file', false), 'top/a/file and top/A are one file here')
  t.is(check('top/B/', true), undefined)
  t.is(check('top/b/', true), undefined)
  t.is(check('top/\u00E9', false), undefined)
  t.is(check('top/e\u0301', false), 'top/e\u0301 and top/\u00E9 are one file here')
  t.is(check('top/NUL', false), 'top/NUL has a name that Windows does not take')
})

test('this file system distinguishes case, and nothing is left of the question', (t) => {
  const directory = makeDirectory(t)

  t.false(ignoresCase(directory))
  t.deepEqual(readdirSync(directory), [])
})
