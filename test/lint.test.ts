import test from 'ava'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeDirectory } from './helpers/directory.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))

type Lint = {
  /** Each folder of src/, or file beside them, and the others that it may import. */
  readonly HOUSE: Readonly<Record<string, readonly string[]>>
  /** Each package, and the one file of src/ that imports it. */
  readonly HOMES: Readonly<Record<string, string>>
}

const { HOUSE, HOMES } = (await import(new URL('../oxlint.config.js', import.meta.url).href)) as Lint

const PLANTED: readonly (readonly [title: string, file: string, imported: string, isFound: boolean])[] = [
  ['upward, by one floor', 'base/planted.ts', '../http/planted.ts', true],
  ['upward, from the ground to a door', 'tokens/keyring/planted.ts', '../../cli/planted.ts', true],
  ['upward, to the file above all', 'cli/planted.ts', '../bin.ts', true],
  ['between two subjects', 'git/planted.ts', '../oauth/planted.ts', true],
  ['between two subjects, from a folder in one', 'tokens/lock/planted.ts', '../../bitbucket/planted.ts', true],
  ['between the two doors', 'helper/planted.ts', '../cli/planted.ts', true],
  ['of a package from a second home', 'cli/commands/planted.ts', 'node-fetch', true],
  ["of another package from a package's home", 'http/http.ts', 'yargs', true],
  ['of a package without a home', 'base/planted2.ts', 'left-pad', true],
  ['of a part of a package', 'oauth/planted2.ts', 'yargs/helpers', true],
  ['downward', 'login/planted.ts', '../git/planted.ts', false],
  ['downward, to the ground', 'oauth/planted.ts', '../base/planted.ts', false],
  ['downward, from a folder in a room', 'cli/checks/planted.ts', '../../login/planted.ts', false],
  ['within a room', 'tokens/planted.ts', './lock/planted.ts', false],
  ['of a package from its home', 'oauth/grants.ts', 'oauth4webapi', false],
  ['of Node', 'base/planted3.ts', 'node:fs', false],
]

test('the lint finds each import that goes upward, sideways, or to a package from a second home', (t) => {
  const scratch = makeDirectory(t)
  for (const name of ['oxlint.config.js', 'tsconfig.json']) cpSync(join(ROOT, name), join(scratch, name))
  for (const [, file, imported] of PLANTED) {
    mkdirSync(dirname(join(scratch, 'src', file)), { recursive: true })
    writeFileSync(join(scratch, 'src', file), `import '${imported}'\n`)
  }

  const { stdout, stderr } = spawnSync(
    join(ROOT, 'node_modules/.bin/oxlint'),
    ['-c', 'oxlint.config.js', '--format=json', 'src'],
    { cwd: scratch, encoding: 'utf8' },
  )

  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] }
  const found = diagnostics.filter(({ code }) => code.includes('no-restricted-imports')).map(({ filename }) => filename)
  const expected = PLANTED.filter(([, , , isFound]) => isFound).map(([, file]) => `src/${file}`)
  t.deepEqual(found.toSorted(), expected.toSorted(), stderr)
})

const SOURCES = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
)

test('each folder of src stands in the table, and names none that stands above it', (t) => {
  const rooms = Object.keys(HOUSE)

  t.deepEqual([...new Set(SOURCES.map(roomOf))].toSorted(), rooms.toSorted())
  for (const [room, others] of Object.entries(HOUSE)) {
    t.deepEqual(
      others.filter((other) => rooms.indexOf(other) <= rooms.indexOf(room)),
      [],
      room,
    )
  }
})

// The lint looks at what is imported at once.
test('what is imported later goes downward too, and comes from the home of its package', (t) => {
  const late = SOURCES.flatMap((file) =>
    [...readFileSync(join(ROOT, 'src', file), 'utf8').matchAll(/\bimport\(\s*'([^']+)'/g)].map(
      ([, imported = '']) => [file, imported] as const,
    ),
  )

  t.true(late.length > 20)
  for (const [file, imported] of late) {
    if (imported.startsWith('node:')) continue
    const room = roomOf(file)
    const to = imported.startsWith('.') ? roomOf(join(dirname(file), imported)) : undefined
    if (to === undefined) t.is(HOMES[imported], file, `${imported} in ${file}`)
    else t.true(to === room || HOUSE[room]?.includes(to), `${imported} in ${file}`)
  }
})

function roomOf(file: string): string {
  return file.split('/')[0] ?? ''
}
