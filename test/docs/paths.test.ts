import test from 'ava'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

for (const document of DOCUMENTS) {
  const text = readFileSync(join(ROOT, document), 'utf8')

  test(`each file and folder that ${document} names is there`, (t) => {
    const named = [...text.matchAll(/`((?:src|test|scripts|docs)\/[\w./-]*)`/g)].map(([, path = '']) => path)
    const linked = [...text.matchAll(/(?:\]\(|src(?:set)?=")(?!https?:)([^)#"]+)/g)].map(([, path = '']) =>
      join(dirname(document), path),
    )

    t.deepEqual(
      [...named, ...linked].filter((path) => !existsSync(join(ROOT, path))),
      [],
    )
  })

  test(`each heading that ${document} links to is there`, (t) => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)].map(([, path = '', heading = '']) => ({
      target: path === '' ? document : join(dirname(document), path),
      heading,
    }))

    t.deepEqual(
      links.filter(({ target, heading }) => !listHeadings(readFileSync(join(ROOT, target), 'utf8')).includes(heading)),
      [],
    )
  })
}

test('each name that docs/architecture.md gives with a file stands in that file', (t) => {
  const text = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')
  const named = [
    ...[...text.matchAll(/`(\w+)`\s+\(`(src\/[^`]+\.ts)`/g)].map(([, name = '', path = '']) => ({ name, path })),
    ...[...text.matchAll(/`(\w+)` in `(src\/[^`]+\.ts)`/g)].map(([, name = '', path = '']) => ({ name, path })),
    ...[...text.matchAll(/`(src\/[^`]+\.ts)` \(`(\w+)`\)/g)].map(([, path = '', name = '']) => ({ name, path })),
  ]

  t.true(named.length >= 10)
  t.deepEqual(
    named.filter(({ name, path }) => !readFileSync(join(ROOT, path), 'utf8').includes(name)),
    [],
  )
})

test('the folders of docs/architecture.md are those of the lint configuration, with what each imports', (t) => {
  const config = readFileSync(join(ROOT, 'oxlint.config.js'), 'utf8')
  const [, house = ''] = /const HOUSE = \{\n(.*?)\n\}/s.exec(config) ?? []
  const rooms = house.split('\n').map((row) => {
    const [, name = '', imports = ''] = /^ +'?([\w.]+)'?: \[(.*)\],$/.exec(row) ?? []
    return { name, imports: imports.replaceAll("'", '') }
  })
  const document = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8')

  const rows = [...document.matchAll(/^\| `([\w.]+)\/?` +\| .+? +\| (.*?) *\|$/gm)].map(([, name, imports]) => ({
    name,
    imports,
  }))

  t.deepEqual(rows, rooms)
  t.deepEqual(rooms.map(({ name }) => name).toSorted(), readdirSync(join(ROOT, 'src')).toSorted())
})

/** As GitHub names them in links: words in lower case, with hyphens between. */
function listHeadings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  )
}
