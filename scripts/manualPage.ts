import { COMMAND } from '../src/base/program.ts'
import { type Command, COMMANDS, EXIT_CODES, OPERATION_TEXTS, type Option, type Positional } from '../src/cli/manual.ts'
import { CONFIGURATION, ENVIRONMENT, FILES } from './settings.ts'
import { bold, entry, italic, prose, verbatim } from './troff.ts'

/** The manual page, for man(1): all that can be typed, from the manual, and all that can be set. */
export function manualPage(version: string): string {
  const name = COMMAND.replace(' ', '-')
  return `${[
    // No date: the same source makes the same page.
    `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 "" "${name.replaceAll('-', '\\-')} ${version}" "Git Manual"`,
    // Words are neither divided nor spread.
    '.nh',
    '.ad l',
    '.SH NAME',
    `${name.replaceAll('-', '\\-')} \\- log git in to Bitbucket, once, in the browser`,
    '.SH SYNOPSIS',
    COMMANDS.map(synopsis).join('\n.br\n'),
    '.SH DESCRIPTION',
    paragraphs(DESCRIPTION),
    '.SH COMMANDS',
    prose('For people, by hand:'),
    ...COMMANDS.map(chapter),
    '.SH OPTIONS',
    entry(
      `${bold('-h')}, ${bold('--help')}`,
      `Print a summary. (Git turns \`${COMMAND} --help\` into a look at this page.)`,
    ),
    entry(`${bold('-v')}, ${bold('--version')}`, 'Print the version.'),
    '.SH OPERATIONS',
    prose('Git names one of these; attributes go in and come out as gitcredentials(7) and git-credential(1) describe.'),
    ...OPERATION_TEXTS.map((one) => entry(bold(one.name), one.description)),
    '.SH CONFIGURATION',
    paragraphs(ON_CONFIGURATION),
    ...CONFIGURATION.map(setting),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.map(setting),
    '.SH FILES',
    ...FILES.map(setting),
    '.SH EXIT STATUS',
    ...EXIT_CODES.map(({ code, meaning }) => entry(bold(String(code)), meaning)),
    '.SH EXAMPLES',
    ...EXAMPLES.map(({ description, lines }) => example(description, lines)),
    '.SH SEE ALSO',
    prose('gitcredentials(7), git-credential(1), git-config(1)'),
  ].join('\n')}\n`
}

const DESCRIPTION = [
  'A git credential helper for Bitbucket Cloud. Git runs it by itself whenever it needs a password for ' +
    'https://bitbucket.org. It answers the username `x-token-auth` and an OAuth access token: the cached one, ' +
    'else a refreshed one, else one from a login in the browser, for which it listens on this machine.',
  'For any other host it stays silent, and git asks the next helper.',
]

const ON_CONFIGURATION = [
  'All keys may be set for a URL, as in `credential.https://bitbucket.org.oauthClientId`. They are read from ' +
    "git's system and global configuration and from its command line, never from a repository's own.",
]

const EXAMPLES = [
  {
    description: 'Configure git by hand',
    lines: [
      'git config --global credential.https://bitbucket.org.helper bitbucket-oauth',
      'git config --global credential.https://bitbucket.org.oauthClientId KEY',
      'git config --global credential.https://bitbucket.org.oauthClientSecret SECRET',
    ],
  },
  {
    description: 'Clone; the browser opens once',
    lines: ['git clone https://bitbucket.org/acme/widgets.git'],
  },
  {
    description: 'Log out here',
    lines: ["printf 'protocol=https\\nhost=bitbucket.org\\n' | git credential reject"],
  },
]

/** All in one line: `setup [--key KEY] [workspace]`. */
function synopsis(command: Command): string {
  return `${bold(COMMAND)} ${usage(command)}`
}

function usage({ name, options, positionals }: Command): string {
  const parts = [
    ...options.map((one) => `[${spell(one)}]${several(one)}`),
    ...positionals.map((one) => `${place(one)}${several(one)}`),
  ]
  // A blank inside brackets is no place to break a line.
  return [bold(name), ...parts.map((part) => part.replaceAll(' ', '\\ '))].join(' ')
}

function spell({ name, value }: Option): string {
  return value === undefined ? bold(`--${name}`) : `${bold(`--${name}`)} ${italic(value)}`
}

function place({ name, isRequired }: Positional): string {
  return isRequired ? `<${italic(name)}>` : `[${italic(name)}]`
}

function several({ isList }: Option | Positional): string {
  return isList ? '...' : ''
}

function chapter(command: Command): string {
  return [
    `.SS ${usage(command)}`,
    prose(command.description),
    ...command.positionals.map(({ name, description }) => entry(italic(name), description)),
    ...command.options.map((option) => entry(tag(option), option.description)),
    ...command.examples.map(({ line, description }) => example(description, [line])),
  ].join('\n')
}

function tag(option: Option): string {
  return option.alias === undefined ? spell(option) : `${bold(`-${option.alias}`)}, ${spell(option)}`
}

function example(description: string, lines: readonly string[]): string {
  return `.PP\n${prose(`${description}:`)}\n${verbatim(...lines)}`
}

function setting({ names, description }: { readonly names: readonly string[]; readonly description: string }): string {
  return entry(names.map(bold).join(', '), description)
}

function paragraphs(texts: readonly string[]): string {
  return texts.map(prose).join('\n.PP\n')
}
