import test from 'ava'
import { isFailure } from '../../src/base/failure.ts'
import { parseRepository } from '../../src/bitbucket/repository.ts'

const BITBUCKET = 'https://bitbucket.org'

for (const [text, expected] of [
  ['acme/widgets', 'https://bitbucket.org/acme/widgets.git'],
  ['https://bitbucket.org/acme/widgets.git', 'https://bitbucket.org/acme/widgets.git'],
  ['https://bitbucket.org/acme/widgets', 'https://bitbucket.org/acme/widgets.git'],
  ['https://alice@bitbucket.org/acme/widgets.git', 'https://bitbucket.org/acme/widgets.git'],
  ['https://bitbucket.org/acme/widgets/src/main/', 'https://bitbucket.org/acme/widgets.git'],
  ['https://bitbucket.org/acme/widgets.js', 'https://bitbucket.org/acme/widgets.js.git'],
  ['git@bitbucket.org:acme/widgets.git', 'https://bitbucket.org/acme/widgets.git'],
  ['ssh://git@bitbucket.org/acme/widgets.git', 'https://bitbucket.org/acme/widgets.git'],
  ['ssh://git@bitbucket.org:22/acme/widgets', 'https://bitbucket.org/acme/widgets.git'],
  ['bitbucket.org/acme/widgets', 'https://bitbucket.org/acme/widgets.git'],
  ['bitbucket.org/acme/widgets/src/main/', 'https://bitbucket.org/acme/widgets.git'],
  ['http://127.0.0.1:8080/acme/widgets.git', 'http://127.0.0.1:8080/acme/widgets.git'],
] as const) {
  test(`${text} is a repository`, (t) => {
    const repository = parseRepository(text, BITBUCKET)

    t.is(repository?.url.href, expected)
    t.is(repository?.workspace, 'acme')
  })
}

for (const [text, key] of [
  ['ACME/widgets', 'ACME'],
  ['~alice/widgets', '~alice'],
  ['https://git.acme.example/bitbucket/scm/ACME/widgets.git', 'ACME'],
  ['https://alice@git.acme.example/bitbucket/scm/~alice/widgets.git', '~alice'],
  ['https://git.acme.example/bitbucket/projects/ACME/repos/widgets/browse', 'ACME'],
  ['https://git.acme.example/bitbucket/users/alice/repos/widgets/browse/src?at=main', '~alice'],
] as const) {
  test(`${text} is a repository of Data Center`, (t) => {
    const repository = parseRepository(text, 'https://git.acme.example/bitbucket', 'data-center')

    t.is(repository?.url.href, `https://git.acme.example/bitbucket/scm/${key}/widgets.git`)
    t.deepEqual([repository?.workspace, repository?.name], [key, 'widgets'])
  })
}

for (const text of [
  'https://git.acme.example/scm/ACME/widgets.git',
  'https://git.acme.example/other/scm/ACME/widgets',
]) {
  test(`${text} is none below a context path`, (t) => {
    t.throws(() => parseRepository(text, 'https://git.acme.example/bitbucket', 'data-center'))
  })
}

test('a URL of a host alone names no repository, and is none the worse', (t) => {
  t.is(parseRepository('https://bitbucket.org', BITBUCKET), undefined)
  const server = 'https://git.acme.example/bitbucket'
  t.is(parseRepository(server, server, 'data-center'), undefined)
})

for (const text of [
  'acme',
  'acme/widgets/more',
  '../acme/widgets',
  'git@bitbucket.org:widgets.git',
  'ssh://git@bitbucket.org/widgets',
  'ssh://git@bitbucket.org//etc/passwd',
  '',
]) {
  test(`"${text}" is refused, with how it has to look`, (t) => {
    const failure = t.throws(() => parseRepository(text, BITBUCKET))

    t.true(isFailure(failure) && failure.code === 'usage' && failure.hints.length === 1)
  })
}
