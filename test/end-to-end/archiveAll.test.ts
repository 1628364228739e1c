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
