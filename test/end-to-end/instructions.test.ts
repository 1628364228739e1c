import test from 'ava'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { countInstructions } from '../helpers/instructions.ts'
import { makeLoggedInUser } from '../helpers/user.ts'

/** A cached `get`, of an empty program's. */
const LIMIT = 1.095

for (const [title, hasRuntimeDirectory] of [
  ['with a runtime directory', true],
  ['without one, as on macOS and over SSH', false],
] as const) {
  test(`a cached get executes few more instructions than an empty program, ${title}`, async (t) => {
    const { home, request } = await makeLoggedInUser(t)
    // The search for secrets looks for none there.
    t.teardown(() => rmSync(join(home.path, '.cache'), { recursive: true, force: true }))
    if (!hasRuntimeDirectory) {
      delete home.env['XDG_RUNTIME_DIR']
      const login = await home.helper('get', request)
      t.is(login.code, 0, login.stderr)
    }
    const empty = join(home.path, 'empty.cjs')
    writeFileSync(empty, '')
    const node = [process.execPath, '--random-seed=1']
    const program = join(home.path, 'bin/git-credential-bitbucket-oauth')
    const options = { env: home.env, input: request }

    const floor = countInstructions([...node, empty], options)
    const get = countInstructions([...node, program, 'get'], options)
    const ratio = get.instructions / floor.instructions

    t.log(`${get.instructions} / ${floor.instructions} = ${ratio.toFixed(4)}`)
    t.regex(get.stdout, /^password=/m)
    t.true(ratio <= LIMIT, `${ratio}`)
  })
}
