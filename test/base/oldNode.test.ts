import test from 'ava'
import { oldNodeFailure } from '../../src/base/oldNode.ts'

for (const version of [
  '20.19.0',
  '20.19.6',
  '20.20.2',
  '20.100.0',
  '21.0.0',
  '22.0.0',
  '100.0.0',
  '23.0.0-nightly2024',
]) {
  test(`Node ${version} will do`, (t) => {
    t.is(oldNodeFailure('20.19', version, '/usr/bin/node'), undefined)
  })
}

for (const version of ['20.18.3', '20.9.0', '20.1.9', '18.20.8', '9.30.0', '2.20.0']) {
  test(`Node ${version} is too old`, (t) => {
    const failure = oldNodeFailure('20.19', version, '/usr/bin/node')

    t.is(failure?.message, `this program needs Node.js 20.19 or later, and was started with ${version} (/usr/bin/node)`)
    t.is(failure?.hints.length, 1)
  })
}
