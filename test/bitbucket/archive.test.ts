import test from 'ava'
import { isFailure } from '../../src/base/failure.ts'
import { type ArchiveRequest, archiveUrl, givenName, namesCommit, ownName } from '../../src/bitbucket/archive.ts'

function want(ref: string): ArchiveRequest {
  const url = new URL('https://bitbucket.org/acme/widgets.git')
  return { repository: { url, workspace: 'acme', name: 'widgets' }, ref, format: 'tar.gz' }
}

const cloud = { product: 'cloud', url: () => new URL('https://api.bitbucket.org/') } as const

const dataCenter = { product: 'data-center', url: () => new URL('https://git.acme.example/bitbucket/') } as const

for (const [ref, path] of [
  ['main', 'main'],
  ['feature/a#b%', 'feature/a%23b%25'],
  ['v1.2..x', 'v1.2..x'],
  ['ü', '%C3%BC'],
] as const) {
  test(`the ref ${ref} has its URL`, (t) => {
    t.is(archiveUrl(want(ref), cloud).href, `https://bitbucket.org/acme/widgets/get/${path}.tar.gz`)
  })
}

for (const [ref, query] of [
  ['HEAD', ''],
  ['v1.2', '&at=v1.2'],
  ['feature/a#b%', '&at=feature%2Fa%23b%25'],
] as const) {
  test(`Data Center has the ref ${ref} below its context path`, (t) => {
    const path = '/bitbucket/rest/api/latest/projects/acme/repos/widgets/archive'
    const { href } = archiveUrl(want(ref), dataCenter)

    t.is(href, `https://git.acme.example${path}?format=tar.gz&prefix=widgets%2F${query}`)
  })
}

test('Data Center is not asked for an archive of a kind that it does not make', (t) => {
  const error = t.throws(() => archiveUrl({ ...want('main'), format: 'tar.bz2' }, dataCenter))

  t.true(isFailure(error) && error.code === 'usage')
})

for (const ref of [
  '',
  '..',
  '../../other/get/main',
  'a/../b',
  './a',
  'a//b',
  'a b',
  'a\nb',
  'a\\..\\b',
  'a?b',
  'a:b',
]) {
  test(`${JSON.stringify(ref)} is no ref`, (t) => {
    const error = t.throws(() => archiveUrl(want(ref), cloud))

    t.true(isFailure(error) && error.code === 'usage')
  })
}

test('a name tells by its commit whether archives of that name hold the same', (t) => {
  t.true(namesCommit('acme-widgets-0123456789ab.tar.gz'))
  t.true(namesCommit('widgets-main@0123456789a.zip'))
  t.false(namesCommit('widgets-main.tar.gz'))
})

for (const [disposition, name] of [
  ['attachment; filename="acme-widgets-0123456789ab.tar.gz"', 'acme-widgets-0123456789ab.tar.gz'],
  ['attachment; filename=acme-widgets-0123456789ab.tar.gz', 'acme-widgets-0123456789ab.tar.gz'],
  ['attachment; filename="widgets-main@0123456789a.tar.gz"', 'widgets-main@0123456789a.tar.gz'],
  ['attachment; filename="../../.bashrc.tar.gz"', undefined],
  ['attachment; filename="/etc/x.tar.gz"', undefined],
  ['attachment; filename=".hidden.tar.gz"', undefined],
  ['attachment; filename="-rf.tar.gz"', undefined],
  [String.raw`attachment; filename="a\b.tar.gz"`, undefined],
  ['attachment; filename="program.exe"', undefined],
  [`attachment; filename="${'a'.repeat(300)}.tar.gz"`, undefined],
  ['attachment', undefined],
  [undefined, undefined],
] as const) {
  test(`the name in ${JSON.stringify(disposition)?.slice(0, 60)} is ${name ?? 'not taken'}`, (t) => {
    t.is(givenName('tar.gz', disposition), name)
  })
}

test('our own name is one', (t) => {
  t.is(ownName(want('feature/a b')), 'acme-widgets-feature-a-b.tar.gz')
})
