import test, { type ExecutionContext } from 'ava'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { webPage } from '../../scripts/html.ts'
import { manualPage, prose } from '../../scripts/troff.ts'
import { handbook } from '../../src/cli/handbook.ts'
import { COMMANDS, EXIT_CODES, OPERATION_TEXTS, positionalSynopsis, synopsis } from '../../src/cli/manual.ts'
import { CONFIGURATION, ENVIRONMENT, FILES } from '../../src/cli/settings.ts'
import { Home } from '../helpers/home.ts'
import { needProgram } from '../helpers/programs.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NAME = 'git-credential-bitbucket-oauth'
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }

/** A home where man finds the built page, and shows it so wide. */
function makeHome(t: ExecutionContext, width = 200): Home {
  needProgram('man', 'man-db')
  const home = new Home()
  t.teardown(() => home.remove())
  const pages = join(home.path, 'man/man1')
  mkdirSync(pages, { recursive: true })
  copyFileSync(join(ROOT, 'dist', `${NAME}.1`), join(pages, `${NAME}.1`))
  Object.assign(home.env, { MANPATH: join(home.path, 'man'), MANPAGER: 'cat', MANWIDTH: String(width) })
  return home
}

/** As a page shows it, which breaks lines where it likes. */
function words(text: string): string {
  return text.replaceAll('`', '').replaceAll(/\s+/g, ' ').trim()
}

function optionsIn(help: string): string[] {
  return [...help.matchAll(/^ +(?:-\w, )?--([\w-]+) /gm)].map((found) => found[1] ?? '').toSorted()
}

async function readHelp(home: Home, ...args: readonly string[]): Promise<string> {
  const outcome = await home.run(NAME, [...args, '-h'], { input: '' })
  if (outcome.code !== 0 || outcome.stderr !== '') throw new Error(`${args.join(' ')} -h: ${outcome.stderr}`)
  return outcome.stdout
}

test('the README has all commands, in lines of at most 100 columns', (t) => {
  const section = readFileSync(join(ROOT, 'README.md'), 'utf8')
    .split('\n## ')
    .find((part) => part.startsWith('Commands\n'))
  const table = (section ?? '').split('\n').filter((line) => line.startsWith('|'))

  const rows = table.flatMap((line) => [...line.matchAll(/^\| `(.*?)` +\| (.*?) +\|$/g)]).map(([, ...cells]) => cells)

  t.deepEqual(
    rows,
    COMMANDS.map(({ name, summary }) => [name, summary]),
  )
  t.deepEqual(
    table.filter((line) => line.length > 100),
    [],
  )
})

test('the manual page has all commands with all that is known of them, the operations and the exit codes', async (t) => {
  const home = makeHome(t, 1000)

  const { stdout } = await home.run('man', [NAME])

  const chapters = stdout.split(/^ {3}(?=\w)/m)
  for (const command of COMMANDS) {
    const chapter = words(chapters.find((one) => one.startsWith(`${synopsis(command)}\n`)) ?? '')
    t.is(
      // The last command's is followed by another section.
      chapter.replace(/ OPTIONS .*/, ''),
      words(
        [
          synopsis(command),
          command.description,
          ...command.positionals.map(({ name, description }) => `${name} ${description}`),
          ...command.options.map(
            ({ name, alias, value = '', description }) =>
              `${alias === undefined ? '' : `-${alias}, `}--${name} ${value} ${description}`,
          ),
          ...command.examples.map(({ line, description }) => `${description}: ${line}`),
        ].join(' '),
      ),
    )
  }
  const whole = words(stdout)
  for (const { name, description } of OPERATION_TEXTS) t.true(whole.includes(words(`${name} ${description}`)), name)
  for (const { code, meaning } of EXIT_CODES) t.true(whole.includes(words(`${code} ${meaning}`)), meaning)
})

test('-h of each command has its options and positionals, and is help though no terminal is there', async (t) => {
  const home = new Home()
  t.teardown(() => home.remove())
  const list = await readHelp(home)

  for (const command of COMMANDS) {
    const help = await readHelp(home, command.name)

    const { name, description, positionals, options, examples } = command
    const typed = positionals.map((one) => ` ${positionalSynopsis(one)}`).join('')
    t.true(help.startsWith(`Usage: git credential-bitbucket-oauth ${name}${typed}\n\n${description}\n`), name)
    t.deepEqual(optionsIn(help), [...options.map((one) => one.name), 'help', 'version'].toSorted(), name)
    for (const one of [...positionals, ...options])
      t.true(words(help).includes(words(`${one.name} ${one.description}`)), one.name)
    for (const { line } of examples) t.true(help.includes(line), line)
    t.true(list.includes(command.summary), name)
  }
})

for (const [title, open] of [
  ['git help', (home: Home) => home.git('help', 'credential-bitbucket-oauth')],
  ['git … --help', (home: Home) => home.git('credential-bitbucket-oauth', '--help')],
] as const) {
  test(`${title} opens the manual page`, async (t) => {
    const home = makeHome(t, 60)

    const outcome = await open(home)

    t.like(outcome, { code: 0, stderr: '' })
    t.regex(outcome.stdout, /^NAME\n +git-credential-bitbucket-oauth - log git in to\n/m)
    t.regex(outcome.stdout, /^ +GIT_CREDENTIAL_BITBUCKET_OAUTH_TRACE$/m)
  })
}

for (const width of [60, 80]) {
  test(`the manual page has nothing that troff warns of, ${width} columns wide`, async (t) => {
    const home = makeHome(t, width)

    const outcome = await home.run('man', ['--warnings=w', NAME])

    t.like(outcome, { code: 0, stderr: '' })
    const long = outcome.stdout
      .split('\n')
      .filter((line) => line.length > width && !/^ +(git|curl|eval|printf) /.test(line))
    t.deepEqual(long, [])
  })
}

test('the manual page is built with the version, in ASCII', (t) => {
  const built = readFileSync(join(ROOT, 'dist', `${NAME}.1`), 'utf8')

  t.is(built, manualPage(handbook(), version))
  t.true(built.includes(`git\\-credential\\-bitbucket\\-oauth ${version}`))
  t.regex(built, /^[\n -~]*$/)
})

test('the manual page shows each character as it is', async (t) => {
  const home = makeHome(t)
  const text = String.raw`.begins with a dot, a\b, 'single' "double" ^ ~ -x --long \fBbold\fR`
  const page = `.TH X 1\n.SH NAME\nx \\- y\n.SH TEXT\n${prose(text)}\n`

  const outcome = await home.run('man', ['--warnings=w', '-l', '-'], { input: page })

  t.is(outcome.stderr, '')
  t.true(words(outcome.stdout).includes(text), outcome.stdout)
})

test('help prints what the manual page has, as wide as the terminal, and where it lies for a browser', async (t) => {
  const home = makeHome(t)

  const all = await home.run(NAME, ['help'])
  const command = await home.run(NAME, ['help', 'archive'])
  const settings = await home.run(NAME, ['help', 'settings'])
  const none = await home.run(NAME, ['help', 'absent'])

  for (const { code, stderr } of [all, command, settings]) t.deepEqual([code, stderr], [0, ''])
  for (const { name, description, options } of COMMANDS) {
    t.true(all.stdout.includes(`\n  ${name}`), name)
    t.true(words(all.stdout).includes(words(description)), name)
    for (const option of options) t.true(all.stdout.includes(`--${option.name}`), option.name)
  }
  for (const { names } of [...CONFIGURATION, ...ENVIRONMENT, ...FILES]) {
    for (const name of names) t.true(settings.stdout.includes(name), name)
  }
  t.false(all.stdout.includes('`'))
  t.true(command.stdout.startsWith('archive ['))
  t.deepEqual(
    all.stdout
      .split('\n')
      .filter(
        (line) => line.length > 80 && !/^ +(git|curl|eval|printf) |^The same for /.test(line) && line.includes(' ', 20),
      ),
    [],
  )
  t.false(command.stdout.includes('completion'))
  t.false(settings.stdout.includes('archive ['))
  const page = /The same for a browser: (\S+)\n$/.exec(all.stdout)?.[1] ?? ''
  t.is(readFileSync(page, 'utf8'), webPage(handbook(), version))
  t.deepEqual([none.code, none.stdout], [2, ''])
  t.regex(none.stderr, /there is no help on absent\nhint: there is some on setup, /)
})

test('the page for a browser is whole, and loads nothing', (t) => {
  const page = webPage(handbook(), version)

  const open: string[] = []
  for (const [, end, name = ''] of page.matchAll(/<(\/?)([a-z]+\d?)[^>]*>/g)) {
    if (end === '/') t.is(open.pop(), name)
    else if (!['meta', 'br'].includes(name)) open.push(name)
  }
  t.deepEqual(open, [])
  t.notRegex(page, /<script|src=|href=|url\(|@import/)
  t.notRegex(page.replace(/<pre>[^]*?<\/pre>/g, ''), /[`*]/)
  for (const { name } of COMMANDS) t.true(page.includes(`<h3><code>${name}</code>`), name)
})
