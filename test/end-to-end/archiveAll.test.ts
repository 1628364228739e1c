import test from 'ava'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makeLoggedInUser } from '../helpers/user.ts'

test('--all: of forty one fails and is named, and a second run downloads only that one', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  const backup = join(home.path, 'work/backup')
  const archive = (...args: readonly string[]) =>
    home.run('git-credential-bitbucket-oauth', [
      'archive',
      '--workspace=acme',
      '--all',
      '--directory=backup',
      `--host=${sandbox.origin}`,
      ...args,
    ])
  const names = Array.from({ length: 38 }, (_, index) => `part-${index}`)
  for (const name of names) sandbox.addRepository(name)
  sandbox.api.addRepositories(['late'])
  const inodes = (): number[] => readdirSync(backup).map((name) => statSync(join(backup, name)).ino)

  const first = await archive()
  const before = inodes()
  sandbox.addRepository('late')
  const second = await archive('--json')

  t.is(first.code, 1)
  t.is(before.length, 39)
  t.is(first.stdout.trim().split('\n').length, 39)
  t.regex(first.stderr, /: acme\/late: there is no acme\/late[^]*: 1 of 40 archives are missing: acme\/late\n/)
  t.is(second.code, 0)
  const lines = second.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  t.deepEqual(
    lines.filter(({ state }) => state === 'written').map(({ repository }) => repository),
    ['acme/late'],
  )
  t.is(lines.filter(({ state }) => state === 'present').length, 39)
  t.is(inodes().filter((inode) => before.includes(inode)).length, 39)
  t.is(inodes().length, 40)
})

function isPage({ url }: { readonly url: string }): boolean {
  return url.startsWith('/2.0/repositories/acme?')
}

for (const [title, shifts, code] of [
  ['once, it is read once more, and all is there', 1, 0],
  ['twice, what was seen is downloaded, and the backup is not called whole', 2, 1],
] as const) {
  test(`--all: where the list changes while it is read ${title}`, async (t) => {
    const { home, sandbox } = await makeLoggedInUser(t)
    for (const name of ['b', 'c', 'd']) sandbox.addRepository(name)
    Object.assign(sandbox.api.settings, { shifts, longestPage: 2 })

    const { stdout, stderr, ...rest } = await home.run('git-credential-bitbucket-oauth', [
      'archive',
      '--workspace=acme',
      '--all',
      `--host=${sandbox.origin}`,
    ])

    t.like(rest, { code }, stderr)
    t.is(sandbox.api.requests.filter(isPage).length, 4)
    t.true(sandbox.api.requests.filter(isPage).every(({ url }) => url.includes('sort=created_on')))
    t.is(stdout.trim().split('\n').length, shifts === 1 ? 4 : 3)
    if (shifts === 1) t.is(stderr, '')
    else
      t.regex(
        stderr,
        /: some may be missing\nhint: run the same command again: what is there already is not downloaded again\n$/,
      )
  })
}
