import test from 'ava'
import { cpSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { countInstructions } from '../helpers/instructions.ts'
import { makeLoggedInUser } from '../helpers/user.ts'

const DIST = fileURLToPath(new URL('../../dist', import.meta.url))

/** A cached `get`, of an empty program's. */
const LIMIT = 1.094

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
    // Both lie and are started alike, as Node looks at each directory on the way to a program.
    const [program, empty] = [join(home.path, 'bin/git-credential-bitbucket-oauth'), join(home.path, 'bin/empty')]
    cpSync(DIST, join(home.path, 'dist'), { recursive: true })
    writeFileSync(join(home.path, 'dist/empty.cjs'), '')
    rmSync(program)
    symlinkSync('../dist/bin.cjs', program)
    symlinkSync('../dist/empty.cjs', empty)
    const node = [process.execPath, '--random-seed=1']
    const options = { env: home.env, input: request }

    const floor = countInstructions([...node, empty], options)
    const get = countInstructions([...node, program, 'get'], options)
    const ratio = get.instructions / floor.instructions

    t.log(`${get.instructions} / ${floor.instructions} = ${ratio.toFixed(4)}`)
    t.regex(get.stdout, /^password=/m)
    t.true(ratio <= LIMIT, `${ratio}`)
  })
}
