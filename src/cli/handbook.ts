import { COMMAND } from '../base/program.ts'
import { type Command, COMMANDS, EXIT_CODES, OPERATION_TEXTS, type Option, type Positional } from './manual.ts'
import { CONFIGURATION, ENVIRONMENT, FILES } from './settings.ts'

/**
 * A piece of the handbook. Between backquotes stands what is typed as it is, and in a tag between stars what stands for
 * something else.
 */
export type Block =
  | { readonly kind: 'chapter' | 'section' | 'paragraph'; readonly text: string }
  /** Commands, a line each. */
  | { readonly kind: 'synopsis'; readonly lines: readonly string[] }
  /** What the text is about, and the text. */
  | { readonly kind: 'entry'; readonly tag: string; readonly text: string }
  /** What can be copied, and what it is for. */
  | { readonly kind: 'example'; readonly text: string; readonly lines: readonly string[] }

/** All that can be typed, from the manual, and all that can be set: for man(1), for a browser, and for `help`. */
export function handbook(): readonly Block[] {
  return [
    chapter('NAME'),
    paragraph(`${COMMAND.replace(' ', '-')} - log git in to Bitbucket, once, in the browser`),
    chapter('SYNOPSIS'),
    { kind: 'synopsis', lines: COMMANDS.map((command) => `\`${COMMAND}\` ${usage(command)}`) },
    chapter('DESCRIPTION'),
    ...DESCRIPTION.map(paragraph),
    chapter('COMMANDS'),
    paragraph('For people, by hand:'),
    ...COMMANDS.flatMap(describe),
    chapter('OPTIONS'),
    entry('`-h`, `--help`', `Print a summary. (Git turns \`${COMMAND} --help\` into a look at its manual pages.)`),
    entry('`-v`, `--version`', 'Print the version.'),
    chapter('OPERATIONS'),
    paragraph(
      'Git names one of these; attributes go in and come out as gitcredentials(7) and git-credential(1) describe.',
    ),
    ...OPERATION_TEXTS.map(({ name, description }) => entry(`\`${name}\``, description)),
    chapter('CONFIGURATION'),
    ...ON_CONFIGURATION.map(paragraph),
    ...CONFIGURATION.map(setting),
    chapter('ENVIRONMENT'),
    ...ENVIRONMENT.map(setting),
    chapter('FILES'),
    ...FILES.map(setting),
    chapter('EXIT STATUS'),
    ...EXIT_CODES.map(({ code, meaning }) => entry(`\`${code}\``, meaning)),
    chapter('EXAMPLES'),
    ...EXAMPLES.map(({ description, lines }) => example(description, lines)),
    chapter('SEE ALSO'),
    paragraph('gitcredentials(7), git-credential(1), git-config(1)'),
  ]
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
function usage({ name, options, positionals }: Command): string {
  return [
    `\`${name}\``,
    ...options.map((one) => `[${spell(one)}]${several(one)}`),
    ...positionals.map((one) => `${place(one)}${several(one)}`),
  ].join(' ')
}

function spell({ name, value }: Option): string {
  return value === undefined ? `\`--${name}\`` : `\`--${name}\` *${value}*`
}

function place({ name, isRequired }: Positional): string {
  return isRequired ? `<*${name}*>` : `[*${name}*]`
}

function several({ isList }: Option | Positional): string {
  return isList ? '...' : ''
}

function describe(command: Command): Block[] {
  return [
    { kind: 'section', text: usage(command) },
    paragraph(command.description),
    ...command.positionals.map(({ name, description }) => entry(`*${name}*`, description)),
    ...command.options.map((option) => entry(tag(option), option.description)),
    ...command.examples.map(({ line, description }) => example(description, [line])),
  ]
}

function tag(option: Option): string {
  return option.alias === undefined ? spell(option) : `\`-${option.alias}\`, ${spell(option)}`
}

function setting({ names, description }: { readonly names: readonly string[]; readonly description: string }): Block {
  return entry(names.map((name) => `\`${name}\``).join(', '), description)
}

function chapter(text: string): Block {
  return { kind: 'chapter', text }
}

function paragraph(text: string): Block {
  return { kind: 'paragraph', text }
}

function entry(name: string, text: string): Block {
  return { kind: 'entry', tag: name, text }
}

function example(text: string, lines: readonly string[]): Block {
  return { kind: 'example', text, lines }
}
