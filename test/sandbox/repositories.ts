import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How many submodules acme/umbrella has. */
export const PARTS = 8

/** Makes acme/umbrella with its submodules `part-01` and on, each a repository of workspace acme. */
export function createUmbrella(root: string): void {
  const parts = Array.from({ length: PARTS }, (_, index) => `part-${String(index + 1).padStart(2, '0')}`)
  for (const name of parts) createRepository(root, name)
  createRepository(root, 'umbrella', parts)
}

/** Makes a private repository of workspace acme with one commit: a copy, as eight processes of git make the first one. */
export function createRepository(root: string, name: string, submodules: readonly string[] = []): void {
  const original = join(originals(), 'acme', `${name}.git`)
  if (!existsSync(original)) createOriginal(originals(), name, submodules)
  cpSync(original, join(root, 'acme', `${name}.git`), { recursive: true })
}

let shared: string | undefined

/** What all sandboxes of this process have in common. It goes with the process. */
function originals(): string {
  if (shared !== undefined) return shared
  const path = mkdtempSync(join(tmpdir(), 'bitbucket-originals-'))
  process.once('exit', () => rmSync(path, { recursive: true, force: true }))
  shared = path
  return path
}

function createOriginal(root: string, name: string, submodules: readonly string[]): void {
  const bare = join(root, 'acme', `${name}.git`)
  mkdirSync(bare, { recursive: true })
  git(bare, 'init', '--quiet', '--bare', '--initial-branch=main', '--template=')
  git(bare, 'config', 'http.receivepack', 'true')
  const work = join(root, 'work', name)
  mkdirSync(work, { recursive: true })
  git(work, 'init', '--quiet', '--initial-branch=main')
  writeFileSync(join(work, 'README.md'), `# ${name}\n`)
  git(work, 'add', 'README.md')
  for (const submodule of submodules) {
    const path = join(root, 'acme', `${submodule}.git`)
    git(work, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', path, submodule)
    // Relative, as in a real workspace: the submodule is fetched from where its parent came from.
    git(work, 'config', '--file', '.gitmodules', `submodule.${submodule}.url`, `../${submodule}.git`)
    git(work, 'add', '.gitmodules')
  }
  git(work, 'commit', '--quiet', '--message', `begin ${name}`)
  git(work, 'push', '--quiet', bare, 'main')
}

/** The subjects of a repository's commits, newest first. */
export function listCommits(root: string, name: string): string[] {
  const bare = join(root, 'acme', `${name}.git`)
  return execFileSync('git', ['--git-dir', bare, 'log', '--format=%s', 'main'], { encoding: 'utf8' }).trim().split('\n')
}

function git(directory: string, ...args: readonly string[]): void {
  execFileSync('git', args, {
    cwd: directory,
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: 'Sandbox',
      GIT_AUTHOR_EMAIL: 'sandbox@localhost',
      GIT_COMMITTER_NAME: 'Sandbox',
      GIT_COMMITTER_EMAIL: 'sandbox@localhost',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
