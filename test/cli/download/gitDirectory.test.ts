import test from 'ava'
import { hasGitDirectory } from '../../../src/cli/download/gitDirectory.ts'

for (const path of [
  '.git',
  '.git/config',
  'top/.git/config',
  'top/sub/.git/hooks/post-checkout',
  'top/.GIT/config',
  'top/.Git/config',
  'top/git~1/config',
  'top/GIT~1/config',
  'top/.git./config',
  'top/.git . ./config',
  'top/.git::$INDEX_ALLOCATION/config',
  'top/.g\u200Cit/config',
  'top/.git\uFEFF/config',
  String.raw`top\.git\config`,
]) {
  test(`${JSON.stringify(path)} is git's own`, (t) => {
    t.true(hasGitDirectory(path))
  })
}

for (const path of [
  'top/.gitignore',
  'top/.github/x',
  'top/git/config',
  'top/x.git/config',
  'top/git~2',
  'top/..git',
]) {
  test(`${path} is an ordinary path`, (t) => {
    t.false(hasGitDirectory(path))
  })
}
