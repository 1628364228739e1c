import test from 'ava'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { plantLogin } from '../helpers/plantLogin.ts'
import { makeUser } from '../helpers/user.ts'

const NAME = 'git-credential-bitbucket-oauth'

/** What libraries try to load where it is installed, and what is not in the lock file for that. */
const OPTIONAL = ['supports-color', 'kerberos', 'bufferutil', 'utf-8-validate', 'encoding', 'fsevents', 'keytar']

/** Every package that this program is made of, and tested with. */
function listPackages(): string[] {
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, unknown>
  }
  const names = Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, ''))
  return [...new Set([...OPTIONAL, ...names])].filter((name) => name !== '')
}

test('no package that lies in a repository runs inside this program', async (t) => {
  const { home, sandbox } = await makeUser(t)
  await plantLogin(home, sandbox)
  const [repository, sprung] = [join(home.path, 'work/hostile'), join(home.path, 'sprung')]
  const trap = `require('node:fs').appendFileSync(${JSON.stringify(sprung)}, __filename + '\\n')\n`
  const names = listPackages()
  for (const name of names) {
    const file = join(repository, 'node_modules', name, 'index.js')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, trap)
    writeFileSync(join(dirname(file), 'package.json'), '{"main":"index.js"}')
  }
  writeFileSync(join(repository, '.env'), 'NODE_OPTIONS=--require=./node_modules/kerberos\n')
  writeFileSync(join(repository, 'bunfig.toml'), 'preload = ["./node_modules/kerberos"]\n')
  const options = { cwd: repository }

  const run = async (...args: readonly string[]): Promise<number | null> => (await home.run(NAME, args, options)).code
  // It tells with its code what is wrong here, which is another matter.
  await run('status')
  const codes = [
    await run('refresh', sandbox.origin),
    await run('token', sandbox.origin),
    await run('api', 'repositories/acme', '--host', sandbox.origin),
    await run('archive', 'acme/widgets', '-o', '-', '--host', sandbox.origin),
    await run('logout', sandbox.origin),
  ]

  t.true(names.length > 300)
  t.deepEqual(codes, [0, 0, 0, 0, 0])
  t.false(existsSync(sprung))

  // A trap that never springs would show nothing.
  await home.run(process.execPath, ['--eval', "require('kerberos')"], options)
  t.true(existsSync(sprung))
})
