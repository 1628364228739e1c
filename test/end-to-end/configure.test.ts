import test, { type ExecutionContext } from 'ava'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Context } from '../../src/base/context.ts'
import { message } from '../../src/base/report.ts'
import { configure } from '../../src/cli/commands/configure.ts'
import { unconfigure } from '../../src/cli/commands/unconfigure.ts'
import { editConfigFile } from '../../src/git/edit.ts'
import { listOtherHelpers } from '../../src/git/otherHelpers.ts'
import { type Git, testEachGit } from '../helpers/gits.ts'
import { Home, type Outcome } from '../helpers/home.ts'
import { snapshot } from '../helpers/snapshot.ts'

const NAME = 'git-credential-bitbucket-oauth'
const BITBUCKET = 'https://bitbucket.org'
const KEY = `credential.${BITBUCKET}.helper`
const SECTION = `[credential "${BITBUCKET}"]`
const LINES = `${SECTION}\n\thelper = \n\thelper = bitbucket-oauth\n`
const KEPT = `logins are kept; to forget them as well: git credential-bitbucket-oauth logout\n`

/** A user whose ~/.gitconfig has this content; without one, there is no such file. */
function makeHome(t: ExecutionContext, content?: string | Buffer, git?: Git): { home: Home; file: string } {
  const home = new Home(undefined, git === undefined ? {} : { git })
  t.teardown(() => home.remove())
  const file = join(home.path, '.gitconfig')
  unlinkSync(file)
  if (content !== undefined) writeFileSync(file, content)
  return { home, file }
}

function run(home: Home, ...args: readonly string[]): Promise<Outcome> {
  return home.run(NAME, args)
}

const COMMANDS = { configure, unconfigure }

/** As {@link run} where all goes well, without a start of Node: what it changes, and what it says. A failure is thrown. */
async function runHere(home: Home, command: keyof typeof COMMANDS, ...switches: readonly string[]): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  const context: Partial<Context> = {
    env: home.env,
    findDataDirectory: async () => home.data,
    keyringProgram: join(home.path, 'dist/keyringProcess.cjs'),
    write: (text) => (stdout += text),
    tell: (text) => (stderr += message(text)),
  }
  const has = (name: string): boolean => switches.includes(`--${name}`)
  await COMMANDS[command]({ text: () => undefined, list: () => [], has }, context as Context)
  return { code: 0, stdout, stderr }
}

async function list(home: Home, file: string): Promise<string[]> {
  return (await home.git('config', '--file', file, '--list')).stdout.split('\n').filter((line) => line !== '')
}

/** All that is in the home. */
function look({ path }: Home): Record<string, string> {
  return Object.fromEntries(Object.entries(snapshot(path)).filter(([name]) => name !== '.'))
}

/**
 * Files by their lines. What may differ, and nothing else, is an empty section of Bitbucket's, and line feeds at the end:
 * with a section that it empties, git removes the blank lines above.
 */
function linesOf(files: Record<string, string>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [name, splitLines(text)]))
}

function splitLines(text: string): string[] {
  return text
    .replaceAll(/\[credential "https:\/\/bitbucket\.org"\](\r?\n)?(?=\[|$)/g, '')
    .replace(/\n*$/, '')
    .split('\n')
}

/** A file that configure made stays, with nothing in it. */
function removeMade(t: ExecutionContext, file: string): void {
  t.is(readFileSync(file, 'utf8'), '')
  unlinkSync(realpathSync(file))
}

/** Git's files alone: two homes have different paths in their others. */
function lookAtConfiguration({ path }: Home): Record<string, string> {
  return Object.fromEntries(
    Object.entries(snapshot(path)).filter(([name]) => /gitconfig|dotfiles|^\.config|first|last/.test(name)),
  )
}

type Start = {
  readonly title: string
  readonly content?: string
  /** Whether a helper is named in a line that git reads after ours. */
  readonly hasLater?: boolean
  readonly prepare?: (home: Home, file: string) => void
  /** The file that git means, if another than ~/.gitconfig. */
  readonly place?: string
}

const STARTS: readonly Start[] = [
  { title: 'no file' },
  { title: 'an empty file', content: '' },
  { title: 'comments at the end', content: '[user]\n\tname = Zoë\n# the end\n; really\n' },
  { title: 'no line feed at the end', content: '[user]\n\tname = Zoë' },
  { title: 'a comment without a line feed at the end', content: '[user]\n\tname = Zoë\n# the end' },
  { title: 'lines that end as on Windows', content: '[user]\r\n\tname = Zoë\r\n# the end\r\n' },
  {
    title: 'our section with lines that end as on Windows',
    content: `${SECTION}\r\n\toauthClientId = key\r\n[user]\r\n\tname = Zoë`,
  },
  {
    title: 'includes before and after',
    content: `[include]\n\tpath = first\n${SECTION}\n\toauthClientId = key\n[include]\n\tpath = last\n`,
    prepare: (home) => {
      writeFileSync(join(home.path, 'first'), '[credential]\n\thelper = store\n')
      writeFileSync(join(home.path, 'last'), '[user]\n\tname = Zoë\n')
    },
  },
  {
    title: 'an include after that names a helper',
    content: `${SECTION}\n\toauthClientId = key\n[include]\n\tpath = last\n`,
    hasLater: true,
    prepare: (home) => writeFileSync(join(home.path, 'last'), '[credential]\n\thelper = store\n'),
  },
  { title: 'helpers for all hosts', content: '[credential]\n\thelper = store\n\thelper = cache --timeout 60\n' },
  {
    title: 'a helper for all hosts after our section',
    content: `${SECTION}\n\toauthClientId = key\n[credential]\n\thelper = store\n`,
    hasLater: true,
  },
  { title: 'helpers for Bitbucket', content: `${SECTION}\n\thelper = store # mine\n\n\thelper = cache\n\n[a]\n\tb\n` },
  {
    title: 'our section twice',
    content: `${SECTION}\n\thelper = store\n[a]\n\tb\n${SECTION}\n\toauthClientId = key\n\t# c\n[d]\n\te\n`,
  },
  {
    title: 'our lines without the empty one',
    content: `[credential]\n\thelper = store\n${SECTION}\n\thelper = cache\n`,
  },
  { title: 'an empty value for Bitbucket', content: `${SECTION}\n\thelper =\n` },
  { title: 'our section with another key', content: `${SECTION}\n\toauthClientId = key\n\n[user]\n\tname = Zoë\n` },
  { title: 'our section with a comment in it', content: `${SECTION}\n\t# nothing yet\n[user]\n\tname = Zoë\n` },
  { title: 'our section empty', content: `${SECTION}\n[user]\n\tname = Zoë\n` },
  { title: 'our section empty, without a line feed', content: `[user]\n\tname = Zoë\n${SECTION}` },
  { title: 'sections of one line', content: `[user] name = Zoë\n${SECTION} oauthClientId = key\n[a] b = c\n` },
  { title: 'a section of one line without a line feed', content: `${SECTION} oauthClientId = key` },
  { title: 'a value of two lines', content: `${SECTION}\n\toauthScopes = one \\\n  two\n` },
  { title: 'a byte order mark', content: `\uFEFF${SECTION}\n\toauthClientId = key\n` },
  { title: 'many blank lines at the end', content: '[user]\n\tname = Zoë\n\n\n\n\n\n' },
  {
    title: 'a link into a directory of dotfiles',
    content: '[user]\n\tname = Zoë\n',
    prepare: (home, file) => {
      mkdirSync(join(home.path, 'dotfiles'))
      writeFileSync(join(home.path, 'dotfiles/gitconfig'), readFileSync(file), { mode: 0o640 })
      unlinkSync(file)
      symlinkSync('dotfiles/gitconfig', file)
    },
  },
  {
    title: 'a link to a file that is not there yet',
    prepare: (home, file) => {
      mkdirSync(join(home.path, 'dotfiles'))
      symlinkSync('dotfiles/gitconfig', file)
    },
  },
  {
    title: 'a file that only its owner can read',
    content: '[user]\n\tname = Zoë\n',
    prepare: (_, file) => chmodSync(file, 0o600),
  },
  {
    title: 'a file that nobody may write',
    content: '[user]\n\tname = Zoë\n',
    prepare: (_, file) => chmodSync(file, 0o444),
  },
  {
    title: 'the file of XDG in place of ~/.gitconfig',
    place: '.config/git/config',
    prepare: (home) => {
      mkdirSync(join(home.path, '.config/git'), { recursive: true })
      writeFileSync(join(home.path, '.config/git/config'), '[user]\n\tname = Zoë\n')
    },
  },
]

for (const start of STARTS) {
  test(`unconfigure leaves what configure found: ${start.title}`, async (t) => {
    const { home, file } = makeHome(t, start.content)
    start.prepare?.(home, file)
    const place = join(home.path, start.place ?? '.gitconfig')
    const existed = existsSync(place)
    const before = look(home)

    const foreseen = await runHere(home, 'configure', '--dry-run')
    t.deepEqual(look(home), before)
    const done = await runHere(home, 'configure')
    const others = listOtherHelpers(BITBUCKET, home.env)
    const configured = look(home)
    const again = await runHere(home, 'configure')
    const undoForeseen = await runHere(home, 'unconfigure', '--dry-run')
    t.deepEqual(look(home), configured)
    const undone = await runHere(home, 'unconfigure')
    const after = look(home)
    const undoneAgain = await runHere(home, 'unconfigure')
    t.deepEqual(look(home), after)

    t.deepEqual(foreseen, { code: 0, stdout: `would add to ${place}:\n${LINES}`, stderr: '' })
    t.is(done.stdout, `added to ${place}:\n${LINES}`)
    t.notDeepEqual(configured, before)
    if (start.hasLater === true) {
      t.not(others.after.length, 0)
      t.regex(done.stderr, /^git-credential-bitbucket-oauth: git still asks other helpers for https:[^\n]+\n$/)
    } else {
      t.deepEqual(others, { before: [], isConfigured: true, own: ['bitbucket-oauth'], after: [] })
      t.is(done.stderr, '')
    }
    t.is(again.stdout, `nothing to do: ${place} has both lines already\n`)
    t.deepEqual(undoForeseen, { code: 0, stdout: `would take out of ${place}:\n${LINES}`, stderr: '' })
    t.deepEqual(undone, { code: 0, stdout: `took out of ${place}:\n${LINES}${KEPT}`, stderr: '' })
    t.regex(undoneAgain.stdout, /^nothing to do: /)
    if (!existed) removeMade(t, place)
    t.deepEqual(linesOf(look(home)), linesOf(before))
  })
}

testEachGit('git asks this helper alone between configure and unconfigure', async (t, git) => {
  const { home } = makeHome(t, '[credential]\n\thelper = "!echo store asked >&2;:"\n[user]\n\tname = Zoë', git)
  const before = lookAtConfiguration(home)
  const fill = async (): Promise<string> =>
    (await home.run('git', ['credential', 'fill'], { input: 'protocol=https\nhost=bitbucket.org\n\n' })).stderr
  home.env['GIT_TERMINAL_PROMPT'] = '0'

  const asked = await fill()
  const { code } = await run(home, 'configure')
  home.watchHelper()
  const askedBetween = await fill()
  const calls = home.helperCalls()
  await run(home, 'unconfigure')
  const askedAfter = await fill()

  t.is(code, 0)
  t.regex(asked, /store asked/)
  t.notRegex(askedBetween, /store asked/)
  t.deepEqual(calls, ['get'])
  t.regex(askedAfter, /store asked/)
  t.deepEqual(linesOf(lookAtConfiguration(home)), linesOf(before))
})

testEachGit('configure writes what git would, where git would, and unconfigure takes it out', async (t, git) => {
  for (const { content, prepare, place = '.gitconfig' } of STARTS) {
    const { home, file } = makeHome(t, content, git)
    prepare?.(home, file)
    const { home: theirs, file: theirFile } = makeHome(t, content, git)
    prepare?.(theirs, theirFile)
    const existed = existsSync(join(home.path, place))
    const before = lookAtConfiguration(home)

    await runHere(home, 'configure')
    await theirs.git('config', '--global', '--add', KEY, '')
    await theirs.git('config', '--global', '--add', KEY, 'bitbucket-oauth')
    t.deepEqual(lookAtConfiguration(home), lookAtConfiguration(theirs))
    await runHere(home, 'unconfigure')

    if (!existed) removeMade(t, join(home.path, place))
    t.deepEqual(linesOf(lookAtConfiguration(home)), linesOf(before))
  }
})

for (const [title, content, change, expected] of [
  ['added lines', '[user]\n\tname = Zoë\n', [['a.b', 'c']], ['user.name=Zoë', 'a.b=c']],
  ['removed lines', '[user]\n\tname = Zoë\n[a]\n\tb = c\n', [['--unset', 'a.b']], ['user.name=Zoë']],
  [
    'added a helper after',
    `${SECTION}\n\thelper = store\n`,
    [['--add', KEY, 'cache']],
    [`${KEY}=store`, `${KEY}=cache`],
  ],
  [
    'had an empty value of their own',
    `${SECTION}\n\thelper =\n\thelper = store\n`,
    [['a.b', 'c']],
    [`${KEY}=`, `${KEY}=store`, 'a.b=c'],
  ],
  [
    'had two empty values of their own',
    `${SECTION}\n\thelper =\n\thelper =\n\thelper = store\n[a]\n\thelper =\n`,
    [
      ['--add', KEY, ''],
      ['--add', KEY, 'cache'],
    ],
    [`${KEY}=`, `${KEY}=`, `${KEY}=store`, `${KEY}=`, `${KEY}=cache`, 'a.helper='],
  ],
] as const) {
  test(`unconfigure takes its own lines alone out of a file of somebody who ${title}`, async (t) => {
    const { home, file } = makeHome(t, content)
    await runHere(home, 'configure')
    for (const args of change) await home.git('config', '--global', ...args)

    const undone = await runHere(home, 'unconfigure')

    t.deepEqual(undone, { code: 0, stdout: `took out of ${file}:\n${LINES}${KEPT}`, stderr: '' })
    t.deepEqual(await list(home, file), expected)
  })
}

for (const content of [undefined, '[user]\n\tname = Zoë\n']) {
  const start = content === undefined ? 'no file' : 'a file'
  test(`unconfigure takes out all that configure added, before and after a line of another helper: ${start}`, async (t) => {
    const { home, file } = makeHome(t, content)
    await runHere(home, 'configure')
    await home.git('config', '--global', '--add', KEY, 'store')
    await runHere(home, 'configure')
    const configured = look(home)

    const foreseen = await runHere(home, 'unconfigure', '--dry-run')
    t.deepEqual(look(home), configured)
    const undone = await runHere(home, 'unconfigure')

    const lines = `${LINES}\thelper = \n\thelper = bitbucket-oauth\n`
    t.is(foreseen.stdout, `would take out of ${file}:\n${lines}`)
    t.deepEqual(undone, { code: 0, stdout: `took out of ${file}:\n${lines}${KEPT}`, stderr: '' })
    t.is(readFileSync(file, 'utf8'), `${content ?? ''}${SECTION}\n\thelper = store\n`)
  })
}

for (const [title, content, left, values] of [
  [
    'as the README had it',
    `[user]\n\tname = Zoë\n${LINES}\toauthClientId = key\n`,
    ['user.name=Zoë', `credential.${BITBUCKET}.oauthclientid=key`],
    ['', 'bitbucket-oauth'],
  ],
  ['by its path', `${SECTION}\n\thelper =\n\thelper = /usr/bin/${NAME}\n`, [], ['', `/usr/bin/${NAME}`]],
  [
    'on one line with the section',
    `[credential]\n\thelper = store\n${SECTION} helper = bitbucket-oauth\n`,
    ['credential.helper=store'],
    ['bitbucket-oauth'],
  ],
  [
    'between others',
    `${SECTION}\n\thelper =\n\thelper = store\n\thelper = bitbucket-oauth\n\thelper = cache\n`,
    [`${KEY}=`, `${KEY}=store`, `${KEY}=cache`],
    ['bitbucket-oauth'],
  ],
  ['twice', `${LINES}${LINES}[a]\n\tb = c\n`, ['a.b=c'], ['', 'bitbucket-oauth', '', 'bitbucket-oauth']],
] as const) {
  test(`unconfigure takes out lines that were written by hand: ${title}`, async (t) => {
    const { home, file } = makeHome(t, content)

    const foreseen = await runHere(home, 'unconfigure', '--dry-run')
    t.is(readFileSync(file, 'utf8'), content)
    const undone = await runHere(home, 'unconfigure')

    const lines = `${SECTION}\n${values.map((value) => `\thelper = ${value}\n`).join('')}`
    t.deepEqual(undone, { code: 0, stdout: `took out of ${file}:\n${lines}${KEPT}`, stderr: '' })
    t.is(foreseen.stdout, `would take out of ${file}:\n${lines}`)
    t.deepEqual(await list(home, file), left)
  })
}

for (const [title, content] of [
  [
    'in its own section',
    `${SECTION}\n\thelper = \n\thelper = "!PATH=/opt/node/bin:$PATH git credential-bitbucket-oauth"\n`,
  ],
  ['without the empty value', `${SECTION}\n\thelper = "!PATH=/opt/node/bin:$PATH git credential-bitbucket-oauth"\n`],
  [
    'for all hosts',
    `[credential]\n\thelper = "!f() { PATH=/opt/node/bin:$PATH git credential-bitbucket-oauth $1; }; f"\n`,
  ],
] as const) {
  test(`configure leaves a user's own command for this program as it is: ${title}`, async (t) => {
    const { home, file } = makeHome(t, content)

    const { stdout } = await runHere(home, 'configure')

    t.is(stdout, `nothing to do: ${file} has a line of yours for this program\n`)
    t.is(readFileSync(file, 'utf8'), content)
  })
}

test('unconfigure leaves alone what only looks like its line, and says where git still asks this program', async (t) => {
  const content = `[credential]\n\thelper = bitbucket-oauth\n${SECTION}\n\thelper = "!f() { ${NAME} \\"$@\\"; }; f"\n\thelper = not-bitbucket-oauth\n`
  const { home, file } = makeHome(t, content)

  const { code, stdout, stderr } = await run(home, 'unconfigure')

  t.is(code, 0)
  t.is(stdout, `nothing to do: no line in ${file} gives bitbucket.org to this program\n`)
  t.is(
    stderr,
    `${NAME}: git still asks this program, because of credential.helper in ${file}: git config --file ${file} --fixed-value --unset-all credential.helper bitbucket-oauth\n` +
      `${NAME}: git still asks this program, because of ${KEY} in ${file}: git config --file ${file} --edit\n`,
  )
  t.is(readFileSync(file, 'utf8'), content)
})

test('unconfigure leaves a file as it is where one of several equal values cannot be told from the others', async (t) => {
  const content = `${SECTION}\n\thelper =\n[a]\n\tb = c\n${SECTION} helper =\n\thelper = bitbucket-oauth\n\toauthClientId = key\n`
  const { home, file } = makeHome(t, content)

  const { code, stdout, stderr } = await run(home, 'unconfigure')

  t.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  t.is(
    stderr,
    `${NAME}: one of several equal lines in ${file} cannot be told from the others\nhint: git config --file ${file} --edit\n`,
  )
  t.is(readFileSync(file, 'utf8'), content)
  t.false(existsSync(`${file}.lock`))
})

for (const [title, others] of [
  ['whose values all are ours or say something', '\thelper = store # theirs\n'],
  ['with an empty value of others', '\thelper =\n\thelper = store # theirs\n\n'],
] as const) {
  test(`unconfigure leaves comments and blank lines in a section ${title}`, async (t) => {
    const start = `# first\n\n${SECTION} # Bitbucket\n\t# above\n${others}`
    const end = `\t# below\n\n[a] b = c # d\n\n\n# last`
    const { home, file } = makeHome(t, `${start}\thelper =\n\thelper = bitbucket-oauth ; ours\n${end}`)

    await runHere(home, 'unconfigure')

    t.is(readFileSync(file, 'utf8'), start + end)
  })
}

for (const [title, place, prepare] of [
  ['GIT_CONFIG_GLOBAL', 'another', (home: Home) => (home.env['GIT_CONFIG_GLOBAL'] = join(home.path, 'another'))],
  [
    'XDG_CONFIG_HOME',
    'xdg/git/config',
    (home: Home) => {
      home.env['XDG_CONFIG_HOME'] = join(home.path, 'xdg')
      mkdirSync(join(home.path, 'xdg/git'), { recursive: true })
      writeFileSync(join(home.path, 'xdg/git/config'), '')
    },
  ],
] as const) {
  test(`configure and unconfigure mind ${title} as git does`, async (t) => {
    const { home } = makeHome(t)
    prepare(home)
    const before = look(home)

    await runHere(home, 'configure')
    const shown = await home.git('config', '--global', '--get-all', KEY)
    await runHere(home, 'unconfigure')

    t.is(shown.stdout, '\nbitbucket-oauth\n')
    if (!(place in before)) removeMade(t, join(home.path, place))
    t.deepEqual(look(home), before)
  })
}

testEachGit('--system is the whole machine’s file', async (t, git) => {
  const { home } = makeHome(t, '', git)
  const file = join(home.path, 'etc-gitconfig')
  writeFileSync(file, '[user]\n\tname = Zoë')
  Object.assign(home.env, { GIT_CONFIG_SYSTEM: file, GIT_CONFIG_NOSYSTEM: '0' })

  const done = await run(home, 'configure', '--system')
  const shown = await home.git('config', '--system', '--get-all', KEY)
  const undone = await run(home, 'unconfigure', '--system')

  t.deepEqual(done, { code: 0, stdout: `added to ${file}:\n${LINES}`, stderr: '' })
  t.is(shown.stdout, '\nbitbucket-oauth\n')
  t.is(undone.code, 0)
  t.is(readFileSync(file, 'utf8'), '[user]\n\tname = Zoë\n')
})

testEachGit('--system without another word is the file that git was built with', async (t, git) => {
  const { home } = makeHome(t, '', git)
  const { stdout: file } = await home.run('sh', ['-c', 'GIT_EDITOR=echo git config --system --edit'])

  const { code, stdout } = await run(home, 'configure', '--system', '--dry-run')

  t.is(code, 0)
  t.is(stdout, `would add to ${file.trim()}:\n${LINES}`)
})

for (const [place, reason] of [
  ['.gitconfig/gitconfig', 'a file stands where a directory should be'],
  ['nowhere/gitconfig', 'there is no such directory'],
] as const) {
  test(`a file that cannot be written is left, with the reason: ${reason}`, async (t) => {
    const { home } = makeHome(t, '[user]\n\tname = Zoë\n')
    const file = join(home.path, place)
    home.env['GIT_CONFIG_SYSTEM'] = file
    const before = look(home)

    const { code, stderr } = await run(home, 'configure', '--system')

    t.is(code, 1)
    t.is(
      stderr,
      `${NAME}: ${file} cannot be changed: ${reason}\nhint: you must be allowed to write into its directory; for --system that takes an administrator\n`,
    )
    t.deepEqual(look(home), before)
  })
}

for (const [title, make] of [
  ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
  ['a directory', (path: string) => mkdirSync(path)],
  [
    'a device, where one may be made',
    (path: string) =>
      process.getuid?.() === 0 ? execFileSync('mknod', [path, 'c', '1', '3']) : symlinkSync('/dev/null', path),
  ],
  [
    'a link to a pipe',
    (path: string) => {
      execFileSync('mkfifo', [`${path}-pipe`])
      symlinkSync(`${path}-pipe`, path)
    },
  ],
] as const) {
  test(`what is no plain file is left as it is: ${title}`, async (t) => {
    const { home } = makeHome(t, '')
    const file = join(home.path, 'special')
    make(file)
    Object.assign(home.env, { GIT_CONFIG_GLOBAL: file, GIT_CONFIG_SYSTEM: file })
    const before = look(home)

    for (const args of [['configure'], ['configure', '--dry-run'], ['configure', '--system'], ['unconfigure']]) {
      const { code, stdout, stderr } = await run(home, ...args)

      t.deepEqual({ code, stdout }, { code: 1, stdout: '' }, args.join(' '))
      t.regex(stderr, /special is (a directory|no plain file), so it is left as it is\nhint: let GIT_CONFIG_GLOBAL/)
    }
    t.throws(() => editConfigFile(file, () => true), { message: /is left as it is/ })
    t.deepEqual(look(home), before)
  })
}

for (const [variable, args] of [
  ['GIT_CONFIG_GLOBAL', []],
  ['GIT_CONFIG_SYSTEM', ['--system']],
] as const) {
  test(`an empty ${variable} is refused in words, as git reads and writes no file then`, async (t) => {
    const { home } = makeHome(t, '')
    home.env[variable] = ''
    const before = look(home)

    for (const command of ['configure', 'unconfigure']) {
      const { code, stdout, stderr } = await run(home, command, ...args)

      t.deepEqual({ code, stdout }, { code: 1, stdout: '' })
      t.regex(
        stderr,
        new RegExp(`: ${variable} names no file, so git has no such configuration\nhint: unset ${variable}`),
      )
    }
    t.deepEqual(look(home), before)
  })
}

test('a file that another git process has locked is left', async (t) => {
  const { home, file } = makeHome(t, '[user]\n\tname = Zoë\n')
  writeFileSync(`${file}.lock`, 'theirs')

  const { code, stdout, stderr } = await run(home, 'configure')

  t.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  t.regex(stderr, /is locked by another git process, or was left so by one that was killed\nhint: if no git runs: rm /)
  t.is(readFileSync(file, 'utf8'), '[user]\n\tname = Zoë\n')
  t.is(readFileSync(`${file}.lock`, 'utf8'), 'theirs')
})

test('a file that git cannot read is left', async (t) => {
  const { home, file } = makeHome(t, '[broken\n')

  const { code, stderr } = await run(home, 'configure')

  t.is(code, 1)
  t.regex(stderr, /git's configuration cannot be read: bad config line 1/)
  t.is(readFileSync(file, 'utf8'), '[broken\n')
})

testEachGit('--local is the repository’s own file, that of the main one in a worktree', async (t, git) => {
  const { home } = makeHome(t, '[user]\n\tname = Zoë\n\temail = zoe@localhost\n', git)
  const work = join(home.path, 'work')
  await home.git('init', '--quiet', '.')
  await home.git('commit', '--quiet', '--allow-empty', '--message', 'first')
  await home.git('worktree', 'add', '--quiet', 'beside')
  const file = join(work, '.git/config')
  const before = readFileSync(file)
  const there = { cwd: join(work, 'beside') }

  const done = await run(home, 'configure', '--local')
  const shown = await home.run('git', ['config', '--local', '--get-all', KEY], there)
  const again = await home.run(NAME, ['configure', '--local'], there)
  const undone = await home.run(NAME, ['unconfigure', '--local'], there)

  t.deepEqual(done, { code: 0, stdout: `added to ${file}:\n${LINES}`, stderr: '' })
  t.is(shown.stdout, '\nbitbucket-oauth\n')
  t.is(again.stdout, `nothing to do: ${file} has both lines already\n`)
  t.is(undone.code, 0)
  t.deepEqual(readFileSync(file), before)
})

test('--local outside a repository is refused in git’s words', async (t) => {
  const { home } = makeHome(t, '')
  home.env['GIT_CEILING_DIRECTORIES'] = dirname(home.path)

  for (const command of ['configure', 'unconfigure']) {
    const { code, stdout, stderr } = await run(home, command, '--local')

    t.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    t.regex(stderr, /: git's configuration was not found: not a git repository[^\n]*\nhint: /)
  }
})

test('two scopes at once are a wrong usage', async (t) => {
  const { home, file } = makeHome(t, '')

  for (const command of ['configure', 'unconfigure']) {
    const { code, stdout, stderr } = await run(home, command, '--system', '--local')

    t.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    t.regex(stderr, /: --system and --local exclude each other\nhint: /)
  }
  t.is(readFileSync(file, 'utf8'), '')
})

test('configure warns where git will not find this program, and configures all the same', async (t) => {
  const { home, file } = makeHome(t)
  const program = join(home.path, 'elsewhere')
  symlinkSync(join(process.cwd(), 'dist/bin.cjs'), program)
  unlinkSync(join(home.path, 'bin', NAME))
  const { PATH = '' } = home.env
  home.env['PATH'] = PATH.split(':')
    .filter((directory) => !existsSync(join(directory, NAME)))
    .join(':')

  const { code, stderr } = await home.run(program, ['configure'])

  t.is(code, 0)
  t.regex(stderr, /^git-credential-bitbucket-oauth: git will not find this program: [^\n]+npm prefix -g[^\n]+\n$/)
  t.is(readFileSync(file, 'utf8'), LINES)
})

for (const command of ['configure', 'unconfigure'] as const) {
  test(`${command} removes what earlier versions noted for unconfigure`, async (t) => {
    const { home } = makeHome(t, '')
    mkdirSync(home.data, { recursive: true })
    const records = join(dirname(home.data), 'configured')
    mkdirSync(records)
    writeFileSync(join(records, '0123456789abcdef0123456789abcdef.json'), '{}\n')

    await runHere(home, command, '--dry-run')
    t.true(existsSync(records))
    await runHere(home, command)

    t.deepEqual(home.files(dirname(home.data)), ['logins'])
  })
}

test('unconfigure leaves the same lines for another host, beside an empty value of others', async (t) => {
  const other = '[credential "https://other.example"]\n\thelper =\n\thelper = bitbucket-oauth\n'
  const theirs = `${SECTION}\n\thelper =\n\thelper = store\n`
  const { home, file } = makeHome(t, `${other}${theirs}\thelper =\n\thelper = bitbucket-oauth\n`)

  const { code } = await runHere(home, 'unconfigure')

  t.is(code, 0)
  t.is(readFileSync(file, 'utf8'), other + theirs)
})
