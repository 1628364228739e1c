import test from 'ava'
import { isExcluded } from '../../src/git/noProxy.ts'

/** As curl's own tests have them (tests/unit/unit1614.c), and what its documentation says. */
for (const [host, noProxy, expected] of [
  ['www.example.com', 'example.com', true],
  ['www.example.com', '.example.com', true],
  ['example.com', '.example.com', true],
  ['example.com.', 'example.com', true],
  ['example.com', 'example.com.', true],
  ['nonexample.com', 'example.com', false],
  ['nonexample.com', '.example.com', false],
  ['www.example.com', 'localhost,.example.com,.example.de', true],
  ['www.example.com', 'localhost .example.com', true],
  ['WWW.Example.com', 'example.COM', true],
  ['example.com', 'com', true],
  ['example.com', '', false],
  ['example.com', ' , ', false],
  ['example.com', '*', true],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '2.1', false],
  ['192.0.2.160', '192.0.2.128/25', true],
  ['192.0.2.1', '192.0.2.128/25', false],
  ['192.0.2.1', '0.0.0.0/0', true],
  ['192.0.2.1', '192.0.2.0/33', false],
  ['192.0.2.1', '192.0.2.0/x', false],
  ['192.0.2.1', '2001:db8::/32', false],
  ['[2001:db8::1]', '2001:db8::/32', true],
  ['[2001:db8::1]', '[2001:db8::1]', true],
  ['[2001:db8::1]', '2001:db9::/32', false],
] as const) {
  test(`NO_PROXY="${noProxy}" ${expected ? 'names' : 'does not name'} ${host}`, (t) => {
    t.is(isExcluded(host, noProxy), expected)
  })
}
