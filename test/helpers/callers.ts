import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Home } from './home.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const WIDGETS = 'https://bitbucket.org/acme/widgets.git'

/** What the login that it finds is like; `nobody` has none either, and no person may be asked. */
export const STATES = ['cached', 'expired', 'missing', 'nobody'] as const
export type State = (typeof STATES)[number]

/** A program that asks git's credential helpers, or has git do so. */
export type Caller = {
  /** As docs/compatibility.md names it. */
  readonly name: string
  /** What is looked for, and the Debian package that brings it. */
  readonly needs?: readonly [path: string, debianPackage: string]
  /** What its user sets; a variable by its name, a file in the directory of work by its path. */
  readonly variables?: Readonly<Record<string, string>>
  readonly files?: Readonly<Record<string, string>>
  /** What only who asks a person sets, and only who asks nobody. */
  readonly attended?: Readonly<Record<string, string>>
  readonly unattended?: Readonly<Record<string, string>>
  /** Gets acme/widgets, in a shell. */
  readonly command: string
  /** Whether it is a library of this project's node_modules. */
  readonly isLibrary?: boolean
  /** Whether it hides what a helper says to people. */
  readonly isSilent?: boolean
  /** Whether it replaces a token that the server refuses, on all versions of git. */
  readonly mendsRevoked?: boolean
}

/** All files of acme/widgets: a package of each kind. */
export const PACKAGES = {
  'go.mod': 'module bitbucket.org/acme/widgets\n',
  'widgets.go': 'package widgets\n',
  'package.json': '{ "name": "widgets", "version": "1.0.0" }',
  'Cargo.toml': '[package]\nname = "widgets"\nversion = "1.0.0"\n',
  'src/lib.rs': '',
  'composer.json': '{ "name": "acme/widgets" }',
  'pyproject.toml': '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
  'backend.py': `import os, zipfile

def build_wheel(directory, *_):
    name = "widgets-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        wheel.writestr("widgets.py", "")
        info = "widgets-1.0.0.dist-info/"
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: widgets\\nVersion: 1.0.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
`,
}

const CRATE = {
  'Cargo.toml': `[package]\nname = "user"\nversion = "1.0.0"\n[dependencies]\nwidgets = { git = "${WIDGETS}" }\n`,
  'src/lib.rs': '',
}

const COMPOSER = JSON.stringify({
  repositories: [{ type: 'git', url: WIDGETS }, { 'packagist.org': false }],
  require: { 'acme/widgets': 'dev-main' },
})

/** The order of actions/checkout, where no `http.<url>.extraheader` brings a token. */
const CHECKOUT = `git init --quiet widgets && cd widgets && git remote add origin ${WIDGETS} &&
  git config --local gc.auto 0 && ! git config --local --name-only --get-regexp extraheader &&
  git -c protocol.version=2 fetch --quiet --no-tags --prune --no-recurse-submodules --depth=1 \
    origin +refs/heads/main:refs/remotes/origin/main &&
  git checkout --quiet --force -B main refs/remotes/origin/main && test -e package.json`

export const CALLERS: readonly Caller[] = [
  { name: 'git', command: `git clone --quiet ${WIDGETS}` },
  {
    name: 'git submodule, git-lfs',
    needs: ['/usr/bin/git-lfs', 'git-lfs'],
    command: `git lfs install --skip-repo && git clone --quiet --recurse-submodules https://bitbucket.org/acme/kit.git &&
      test -e kit/widgets/package.json && grep -q large kit/large.bin`,
  },
  { name: 'a checkout in CI', unattended: { CI: 'true' }, command: CHECKOUT },
  {
    name: 'go',
    needs: ['/usr/bin/go', 'golang-go'],
    variables: { GOPRIVATE: 'bitbucket.org/acme', GOFLAGS: '-modcacherw' },
    attended: { GIT_TERMINAL_PROMPT: '1', GCM_INTERACTIVE: 'always' },
    unattended: {},
    command: 'go mod download bitbucket.org/acme/widgets@main && test -e ~/go/pkg/mod/bitbucket.org/acme/widgets@*',
  },
  {
    name: 'pip',
    needs: ['/usr/bin/pip3', 'python3-pip'],
    variables: { PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore' },
    command: `/usr/bin/pip3 install --quiet --no-deps --no-build-isolation --no-compile --target there git+${WIDGETS} && test -e there/widgets.py`,
  },
  {
    name: 'npm',
    variables: { NPM_CONFIG_UPDATE_NOTIFIER: 'false' },
    files: { '../.npmrc': '//bitbucket.org/acme/:_authToken=${BITBUCKET_TOKEN}\n' },
    command: `BITBUCKET_TOKEN=$(git credential-bitbucket-oauth token 2> /dev/null) npm install --no-audit --no-fund git+${WIDGETS} && test -e node_modules/widgets/package.json`,
    isSilent: true,
  },
  {
    name: 'cargo',
    needs: ['/usr/bin/cargo', 'cargo'],
    files: CRATE,
    command: '/usr/bin/cargo fetch && grep -q bitbucket.org Cargo.lock',
    isSilent: true,
  },
  {
    name: 'cargo, with git',
    needs: ['/usr/bin/cargo', 'cargo'],
    variables: { CARGO_NET_GIT_FETCH_WITH_CLI: 'true' },
    files: CRATE,
    command: '/usr/bin/cargo fetch && grep -q bitbucket.org Cargo.lock',
  },
  {
    name: 'composer',
    needs: ['/usr/bin/composer', 'composer'],
    variables: { COMPOSER_ALLOW_SUPERUSER: '1' },
    files: { 'composer.json': COMPOSER },
    command: 'composer update --no-install --no-interaction --no-progress && grep -q bitbucket.org composer.lock',
    isSilent: true,
  },
  {
    name: 'pygit2',
    needs: ['/usr/lib/python3/dist-packages/pygit2', 'python3-pygit2'],
    files: { 'clone.py': readSnippet('python') },
    command: '/usr/bin/python3 clone.py && test -e widgets/package.json',
    mendsRevoked: true,
  },
  {
    name: 'isomorphic-git',
    isLibrary: true,
    files: { 'clone.mjs': readSnippet('js') },
    command: 'node clone.mjs && test -e widgets/package.json',
    mendsRevoked: true,
  },
  {
    name: 'simple-git',
    isLibrary: true,
    files: {
      'clone.mjs': `import { simpleGit } from 'simple-git'
await simpleGit({ allowEnvironment: ['GIT_TERMINAL_PROMPT'] }).clone('${WIDGETS}', 'widgets')`,
    },
    command: 'node clone.mjs && test -e widgets/package.json',
  },
]

/** A program that the documentation shows. */
function readSnippet(language: string): string {
  const text = readFileSync(join(ROOT, 'docs/compatibility.md'), 'utf8')
  const [, snippet] = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(text) ?? []
  if (snippet === undefined) throw new Error(`docs/compatibility.md shows no program in ${language}`)
  return snippet
}

/** Lays in a home what a caller's user has, and has no other programs than the system's found there. */
export function arrange(home: Home, caller: Caller, state: State): void {
  home.env['PATH'] = [join(home.path, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(':')
  const isAttended = state !== 'nobody'
  Object.assign(
    home.env,
    caller.variables,
    isAttended ? caller.attended : (caller.unattended ?? { GIT_TERMINAL_PROMPT: '0' }),
  )
  const work = join(home.path, 'work')
  if (caller.isLibrary === true) symlinkSync(join(ROOT, 'node_modules'), join(work, 'node_modules'))
  for (const [name, text] of Object.entries(caller.files ?? {})) layFile(work, name, text)
}

export function layFile(directory: string, name: string, text: string): void {
  const path = join(directory, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
