import test from 'ava'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeLoggedInUser } from '../helpers/user.ts'

/** A connection that never tells of anything: a library that waits for it leaves the event loop empty. */
const DEAF = `require('node:net').Socket.prototype.connect = function connect() {
  this.write = () => true
  process.nextTick(() => this.emit('connect'))
  return this
}`

for (const [title, args] of [
  ['get', ['get']],
  ['token', ['token']],
  ['refresh', ['refresh']],
  ['api', ['api', 'user', '--host']],
] as const) {
  test(`${title}: work that never ends is no success, and is not silent`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    home.expire(sandbox.origin)
    const preload = join(home.path, 'deaf.cjs')
    writeFileSync(preload, DEAF)
    home.env['NODE_OPTIONS'] = `--require ${preload}`

    const { code, stdout, stderr } = await home.run(
      'git-credential-bitbucket-oauth',
      title === 'get' ? args : [...args, sandbox.origin],
      { input: request },
    )

    t.is(code, 1)
    t.is(stdout, '')
    t.regex(stderr, /this is a bug, please report it\nthe program ended before its work was done\n$/)
    t.deepEqual(
      home.files(home.data).filter((name) => name.includes('.lock')),
      [],
    )
  })
}
