import test from 'ava'
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../helpers/home.ts'
import { makeLoggedInUser } from '../helpers/user.ts'

type Coverage = { result: { url: string }[] }

/** All that a program loads, by the engine's own account. */
async function listLoaded(home: Home, command: string, args: readonly string[], input: string): Promise<Set<string>> {
  const coverage = mkdtempSync(join(home.path, 'coverage-'))
  home.env['NODE_V8_COVERAGE'] = coverage
  const { code, stderr } = await home.run(command, args, { input })
  if (code !== 0) throw new Error(stderr)
  const files = readdirSync(coverage).map((name) => JSON.parse(readFileSync(join(coverage, name), 'utf8')) as Coverage)
  return new Set(files.flatMap(({ result }) => result.map(({ url }) => url.replace(/^.*\/dist\//, 'dist/'))))
}

/** What the program asks Node for by `require`, once each. */
async function listRequired(home: Home, operation: string, input: string): Promise<string[]> {
  const [log, watcher] = [join(home.path, 'required'), join(home.path, 'watcher.cjs')]
  writeFileSync(log, '')
  writeFileSync(
    watcher,
    `const [{ appendFileSync }, Module] = [require('node:fs'), require('node:module')]
const load = Module._load
const note = (name) => appendFileSync(${JSON.stringify(log)}, name.replace(/^node:/, '') + '\\n')
Module._load = (name, parent, isMain) => {
  if (parent !== null && !isMain) note(name)
  return load(name, parent, isMain)
}
const { getBuiltinModule } = process
process.getBuiltinModule = (name) => {
  note(name)
  return getBuiltinModule(name)
}
`,
  )
  const program = join(home.path, 'bin/git-credential-bitbucket-oauth')
  const { code, stderr } = await home.run(process.execPath, ['--require', watcher, program, operation], { input })
  if (code !== 0) throw new Error(stderr)
  return [...new Set(readFileSync(log, 'utf8').trim().split('\n'))].toSorted()
}

const CALLS = [
  ['get', ''],
  ['get', 'username=alice\n'],
  ['store', ''],
  ['erase', ''],
] as const

for (const [operation, attributes] of CALLS) {
  test(`${operation} ${attributes.trim()} with a fresh token loads the small entry and nothing else`, async (t) => {
    const { home, sandbox, request } = await makeLoggedInUser(t)
    const empty = join(home.path, 'empty.cjs')
    writeFileSync(empty, '')
    const always = await listLoaded(home, process.execPath, [empty], '')

    const input = `${request}${attributes}password=another one\n`
    const loaded = await listLoaded(home, 'git-credential-bitbucket-oauth', [operation], input)

    t.true(always.size > 10)
    t.deepEqual(
      [...loaded].filter((url) => !always.has(url) && !url.startsWith('node:internal/')),
      ['dist/bin.cjs'],
    )
    t.deepEqual(sandbox.oauth.tokenRequests, [])
  })
}

for (const [operation, attributes] of CALLS) {
  test(`${operation} ${attributes.trim()} with a fresh token needs nothing of Node but fs and path`, async (t) => {
    const { home, request } = await makeLoggedInUser(t)

    const required = await listRequired(home, operation, `${request}${attributes}password=another one\n`)

    t.deepEqual(required, ['fs', 'path'])
  })
}

test('the small entry stays small', (t) => {
  const { size } = statSync(new URL('../../dist/bin.cjs', import.meta.url))

  t.true(size < 16_384, `${size} bytes`)
})
