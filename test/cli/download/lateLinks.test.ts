import test from 'ava'
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { makeLink } from '../../../src/cli/download/lateLinks.ts'
import { makeDirectory } from '../../helpers/directory.ts'

const refuse = (): never => {
  throw Object.assign(new Error('EPERM'), { code: 'EPERM' })
}

test('where Windows refuses a link, a file has its target; elsewhere that is an error', (t) => {
  const directory = makeDirectory(t)
  const [link, file] = ['link', 'file'].map((name) => join(directory, name)) as [string, string]

  makeLink('../target', link)
  makeLink('../target', file, { platform: 'win32', link: refuse })

  t.is(readlinkSync(link), '../target')
  t.true(lstatSync(file).isFile())
  t.is(readFileSync(file, 'utf8'), '../target')
  t.throws(() => makeLink('x', file, { platform: 'win32', link: refuse }), { code: 'EEXIST' })
  t.throws(() => makeLink('x', join(directory, 'other'), { platform: 'linux', link: refuse }), { code: 'EPERM' })
})
