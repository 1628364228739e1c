import test from 'ava'
import { absoluteEntries } from '../../src/base/programs.ts'

test.serial('on Windows, PATH is found in a copy of the environment under each spelling', (t) => {
  const { platform } = process
  t.teardown(() => Object.defineProperty(process, 'platform', { value: platform }))
  Object.defineProperty(process, 'platform', { value: 'win32' })

  t.deepEqual(absoluteEntries({ Path: '/usr/bin' }), ['/usr/bin'])
  t.deepEqual(absoluteEntries({ Path: '/second', PATH: '/first' }), ['/first'])
  t.deepEqual(absoluteEntries({ PATHEXT: '/usr/bin' }), [])
})

test.serial('elsewhere, Path is another variable than PATH', (t) => {
  t.deepEqual(absoluteEntries({ Path: '/usr/bin' }), [])
})
