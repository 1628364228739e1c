import test from 'ava'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

test('each guarantee of docs/security.md names a test that is there', (t) => {
  const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8')
  const named = [
    ...page.replaceAll('\n', ' ').matchAll(/`(test\/[\w./-]+\.test\.ts)` (\("[^"]+"\)(?:, ?\("[^"]+"\))*)/g),
  ].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/\("([^"]+)"\)/g)].map(([, title = '']) => ({ file, title })),
  )
  const rows = [...page.matchAll(/^\|.* test +\|\n\|[-| ]+\|\n((?:\|.*\n?)+)/gm)].flatMap(([, table = '']) =>
    table.trim().split('\n'),
  )

  t.true(named.length >= 35, String(named.length))
  t.true(rows.length >= 30, String(rows.length))
  t.deepEqual(
    rows.filter((line) => !/`test\/[\w./-]+` \("/.test(line)),
    [],
  )
  t.deepEqual(
    named.filter(({ file, title }) => !readFileSync(join(ROOT, file), 'utf8').includes(title)),
    [],
  )
})
