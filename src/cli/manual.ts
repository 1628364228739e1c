import { COMMAND } from '../base/program.ts'

/**
 * All that a person can type: the one source of `--help`, of the manual page and of shell completion. Texts are plain; a
 * command in a text stands between backquotes.
 */
type Word = {
  /** Of an option without the hyphens: `json`, `no-refresh`. */
  readonly name: string
  readonly description: string
  /** Whether it may be given several times, or takes all remaining words. */
  readonly isList?: boolean
  /** All allowed values, where there are only some. */
  readonly choices?: readonly string[]
}

/** `alias` is a letter that may be typed in its place, `value` a placeholder; an option without one is a switch. */
export type Option = Word & { readonly alias?: string; readonly value?: string }

export type Positional = Word & { readonly isRequired?: boolean }

export type Example = { readonly line: string; readonly description: string }

export type Command = {
  readonly name: string
  readonly positionals: readonly Positional[]
  /** A few words, for the list of commands. */
  readonly summary: string
  /** A few sentences, for the command's own help. */
  readonly description: string
  readonly options: readonly Option[]
  readonly examples: readonly Example[]
}

const JSON_OPTION: Option = { name: 'json', description: 'Print JSON for a program, with the same exit code' }

const HOST: Positional = { name: 'url', description: 'The host, if another than https://bitbucket.org' }

const USERNAME: Option = {
  name: 'username',
  value: 'NAME',
  description: 'The account for URLs with this username, beside the default account',
}

/** The host and account, for commands whose words name a repository or a path. */
const ACCOUNT_OPTIONS: readonly Option[] = [
  { name: 'host', value: 'URL', description: 'The host, if another than https://bitbucket.org' },
  USERNAME,
]

const SCOPES: readonly Option[] = [
  { name: 'global', description: 'Your own configuration, in all repositories (this is the default)' },
  { name: 'system', description: "The whole machine's configuration" },
  { name: 'local', description: 'The configuration of the repository you are in' },
  { name: 'dry-run', description: 'Show what would change, and change nothing' },
]

/** How a command is typed: `setup [--key KEY] [workspace]`. */
export function synopsis({ name, options, positionals }: Command): string {
  return [name, ...options.map(optionSynopsis), ...positionals.map(positionalSynopsis)].join(' ')
}

/** `[--key KEY]`; with `...` for one that may be repeated. */
export function optionSynopsis({ name, value, isList }: Option): string {
  return `[--${name}${value === undefined ? '' : ` ${value}`}]${isList ? '...' : ''}`
}

/** `<file>` for one that has to be there, else `[file]`; with `...` for several. */
export function positionalSynopsis({ name, isRequired, isList }: Positional): string {
  return `${isRequired ? `<${name}>` : `[${name}]`}${isList ? '...' : ''}`
}

/** What a person types. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'setup',
    positionals: [
      {
        name: 'workspace',
        description: 'Your workspace, as in https://bitbucket.org/WORKSPACE; asked for where it is missing',
      },
    ],
    summary: 'Go from nothing to a working git, step by step',
    description:
      "Opens the workspace's page of OAuth consumers, says what to fill in there and why, asks for the key and the secret, " +
      'keeps the secret in the keyring (or in a file that only you can read), configures git, logs in, and tries the ' +
      'login on Bitbucket. Run it again to repair: what is right already is left as it is. In a script, give the ' +
      'workspace and the key as options or in the environment, and the secret on stdin or in the environment.',
    options: [
      { name: 'key', value: 'KEY', description: "The consumer's key" },
      { name: 'secret-stdin', description: "Read the consumer's secret from the first line of stdin" },
      {
        name: 'callback',
        value: 'URL',
        description: "The consumer's callback URL, if another than http://localhost:8976",
      },
      { name: 'no-login', description: 'Leave the login to the first git command that needs it' },
    ],
    examples: [
      { line: `${COMMAND} setup`, description: 'Ask for all that is needed' },
      { line: `${COMMAND} setup acme --key KEY --secret-stdin < secret`, description: 'Ask for nothing' },
    ],
  },
  {
    name: 'login',
    positionals: [HOST],
    summary: 'Log in with the browser, whatever is kept already',
    description:
      'Opens the browser, and keeps the new login. An earlier one stays until then. With a username: keeps it beside the ' +
      'default account, for URLs with that username.',
    options: [USERNAME],
    examples: [
      { line: `${COMMAND} login`, description: 'Log in, or change the account' },
      { line: `${COMMAND} login --username alice`, description: 'Add an account of its own for alice' },
    ],
  },
  {
    name: 'logout',
    positionals: [HOST],
    summary: 'Forget a login, and ask Bitbucket to end it',
    description:
      'Forgets the login of one username, or of all accounts of the host, and asks the server to revoke it. ' +
      'Says whether the server did, and where you can do it yourself. Git stays configured: see `unconfigure`.',
    options: [USERNAME, { name: 'consumer', description: "Forget the consumer's secret as well" }],
    examples: [
      { line: `${COMMAND} logout`, description: 'Forget all logins to bitbucket.org' },
      { line: `${COMMAND} logout --username alice`, description: "Forget alice's alone" },
    ],
  },
  {
    name: 'status',
    positionals: [],
    summary: 'Tell which logins are kept, where, and what is wrong',
    description:
      'Tells which accounts are logged in, with what permissions and for how long, where that is kept, how git reaches this ' +
      'program, and what is wrong, with the command that cures it. Asks neither the network nor the keyring.',
    options: [JSON_OPTION],
    examples: [{ line: `${COMMAND} status --json | jq .accounts`, description: 'Who is logged in, for a program' }],
  },
  {
    name: 'token',
    positionals: [HOST],
    summary: 'Print a valid access token, for a script',
    description:
      'Prints an access token that is valid for at least some minutes: the cached one, else a refreshed one, else one from a login.',
    options: [
      USERNAME,
      { name: 'no-refresh', description: 'Print the cached one, or fail; do not use the network' },
      { name: 'expiry', description: 'Print a second line with its end, in seconds since 1970' },
    ],
    examples: [
      {
        line: `curl -H "Authorization: Bearer $(${COMMAND} token)" https://api.bitbucket.org/2.0/repositories/acme`,
        description: "Use Bitbucket's API",
      },
    ],
  },
  {
    name: 'refresh',
    positionals: [HOST],
    summary: 'Renew the access token now',
    description:
      'Renews the access token, also one that is still valid. A change of `oauthAuthType`, `oauthSelfHeal` or `oauthStore` ' +
      'takes effect then. Opens no browser.',
    options: [USERNAME],
    examples: [{ line: `${COMMAND} refresh`, description: 'Make a changed setting take effect' }],
  },
  {
    name: 'configure',
    positionals: [],
    summary: 'Have git ask this program for bitbucket.org, and nothing else',
    description:
      "Adds two lines to git's configuration: an empty `credential.https://bitbucket.org.helper`, which keeps other helpers " +
      'away from bitbucket.org, and this one. Other hosts and other helpers are not touched.',
    options: [
      ...SCOPES,
      { name: 'key', value: 'KEY', description: "The consumer's key too, for all who use that configuration" },
    ],
    examples: [
      { line: `${COMMAND} configure --dry-run`, description: 'See the lines' },
      {
        line: `${COMMAND} configure --system --key KEY`,
        description: 'Prepare a machine: setup then asks each person for the secret alone',
      },
    ],
  },
  {
    name: 'unconfigure',
    positionals: [],
    summary: 'Take back what configure did',
    description: "Removes the lines of `configure` from git's configuration. Logins are kept: see `logout`.",
    options: SCOPES,
    examples: [{ line: `${COMMAND} unconfigure`, description: 'Leave git as it was' }],
  },
  {
    name: 'doctor',
    positionals: [
      { name: 'repository', description: 'One to try, as acme/widgets or https://bitbucket.org/acme/widgets.git' },
    ],
    summary: 'Find out what is wrong, and what cures it',
    description:
      'Checks git, other helpers that answer for bitbucket.org, the consumer, the callback port, the keyring, the files, the clock, ' +
      'the network and the login. For a repository, tells an expired token from a missing permission, no access, ' +
      'no such repository, and a rule of the workspace. Changes nothing. Prints no secret, so you can show it to others.',
    options: [JSON_OPTION],
    examples: [
      { line: `${COMMAND} doctor`, description: 'Look at everything' },
      { line: `${COMMAND} doctor acme/widgets`, description: 'And find out why this repository does not open' },
    ],
  },
  {
    name: 'archive',
    positionals: [
      {
        name: 'repository',
        isList: true,
        description:
          'One or several, as acme/widgets or https://bitbucket.org/acme/widgets; a second word without a slash is a ref',
      },
    ],
    summary: "Download a repository's files as an archive",
    description:
      'Downloads the files of a branch, tag or commit, without the history, and prints the name of the archive. Bitbucket ' +
      'gives that name, with the commit in it. An archive is written whole or not at all. Of several repositories, four are ' +
      'downloaded at a time. An archive that is there already is not downloaded again, so the same command repeats only what failed.',
    options: [
      { name: 'ref', value: 'REF', description: 'A branch, tag or commit, if another than HEAD' },
      { name: 'output', alias: 'o', value: 'FILE', description: 'Write to this file, or to stdout if it is a hyphen' },
      { name: 'directory', alias: 'd', value: 'DIR', description: 'Write into this directory, which is made' },
      {
        name: 'format',
        value: 'FORMAT',
        description: 'tar.gz (this is the default), zip or tar.bz2',
        choices: ['tar.gz', 'zip', 'tar.bz2'],
      },
      {
        name: 'extract',
        value: 'DIR',
        description:
          'Unpack into this directory, which must be new or empty, without the top folder; tar.gz only. Keep no archive',
      },
      { name: 'force', description: 'Replace another file that is there under the name that Bitbucket gives' },
      { name: 'workspace', value: 'NAME', description: 'With --all: the workspace' },
      { name: 'all', description: 'All repositories of the workspace that you can see' },
      { name: 'json', description: 'Print a line of JSON for each archive, with the same exit code' },
      ...ACCOUNT_OPTIONS,
    ],
    examples: [
      { line: `${COMMAND} archive acme/widgets v1.2`, description: 'The files of the tag v1.2' },
      { line: `${COMMAND} archive acme/widgets -o - | tar tz`, description: 'List the files of HEAD' },
      { line: `${COMMAND} archive acme/widgets --extract widgets`, description: 'Unpack at once' },
      { line: `${COMMAND} archive --workspace acme --all -d backup`, description: 'The whole workspace' },
    ],
  },
  {
    name: 'api',
    positionals: [
      {
        name: 'path',
        isRequired: true,
        description: 'As /2.0/repositories/acme; the 2.0 may be left out. Or a full URL of the API',
      },
    ],
    summary: "Ask Bitbucket's REST API, logged in",
    description:
      'Sends a request with an access token, and prints the answer: JSON, indented on a terminal, else as it came. If ' +
      'Bitbucket refuses, its answer still goes to stdout, the meaning goes to stderr, and the exit code is 1. If Bitbucket ' +
      'asks to wait, the command waits.',
    options: [
      { name: 'paginate', description: 'Follow all pages, and print one list of all values' },
      {
        name: 'method',
        alias: 'X',
        value: 'METHOD',
        description: 'If another than GET, or POST where something is sent',
      },
      {
        name: 'field',
        alias: 'f',
        value: 'KEY=VALUE',
        isList: true,
        description: 'Send this text in a JSON object; the key may be nested, as target[ref]. With GET: in the query',
      },
      { name: 'input', value: 'FILE', description: 'Send this file, or stdin if it is a hyphen' },
      {
        name: 'header',
        alias: 'H',
        value: 'LINE',
        isList: true,
        description: "Send this header, as 'Accept: text/plain'; not Authorization",
      },
      { name: 'include', alias: 'i', description: 'Print the status and the headers before the answer' },
      ...ACCOUNT_OPTIONS,
    ],
    examples: [
      {
        line: `${COMMAND} api repositories/acme --paginate | jq -r .[].full_name`,
        description: 'The repositories of a workspace',
      },
      { line: `${COMMAND} api repositories/acme/widgets/issues -f title=Slow`, description: 'Open an issue' },
    ],
  },
  {
    name: 'downloads',
    positionals: [
      { name: 'action', isRequired: true, description: 'list, get or put', choices: ['list', 'get', 'put'] },
      { name: 'repository', isRequired: true, description: 'As acme/widgets or https://bitbucket.org/acme/widgets' },
      { name: 'file', isList: true, description: 'For get, the name of one; for put, files of this machine' },
    ],
    summary: "List, get and put the files of a repository's Downloads page",
    description:
      "Lists the files of a repository's Downloads page, downloads one of them, or uploads files there. They replace those " +
      'with the same names. To upload, the consumer needs the permission Repositories: Write.',
    options: [
      {
        name: 'output',
        alias: 'o',
        value: 'FILE',
        description: 'With get: write to this file, or to stdout if it is a hyphen',
      },
      { name: 'force', description: 'With get: replace another file that is there under the same name' },
      { name: 'json', description: 'With list: print JSON for a program' },
      ...ACCOUNT_OPTIONS,
    ],
    examples: [
      { line: `${COMMAND} downloads list acme/widgets`, description: 'What there is' },
      { line: `${COMMAND} downloads get acme/widgets setup.exe`, description: 'Download one' },
      { line: `${COMMAND} downloads put acme/widgets dist/*.zip`, description: 'Upload some' },
    ],
  },
  {
    name: 'completion',
    positionals: [
      { name: 'shell', isRequired: true, description: 'bash, zsh or fish', choices: ['bash', 'zsh', 'fish'] },
    ],
    summary: 'Print what makes a shell complete these commands',
    description: 'Prints a script for your shell, which completes commands and options.',
    options: [],
    examples: [
      { line: `eval "$(${COMMAND} completion bash)"`, description: 'In ~/.bashrc' },
      { line: `eval "$(${COMMAND} completion zsh)"`, description: 'In ~/.zshrc, after compinit' },
      { line: `${COMMAND} completion fish | source`, description: 'In ~/.config/fish/config.fish' },
    ],
  },
  {
    name: 'help',
    positionals: [{ name: 'topic', description: 'A command, or `settings`; all where nothing is named' }],
    summary: 'Print this manual, or a part of it',
    description:
      'Prints all that can be typed and set, and where that lies as a page for a browser. On Windows git opens no manual page ' +
      'for `--help`.',
    options: [],
    examples: [
      { line: `${COMMAND} help archive`, description: 'All about a command' },
      { line: `${COMMAND} help settings`, description: 'All that can be set' },
    ],
  },
]

/** What `help` takes besides the name of a command. */
export const HELP_TOPICS = { all: 'all', settings: 'settings' } as const

/** What git types. */
export const OPERATION_TEXTS: readonly {
  readonly name: string
  readonly summary: string
  readonly description: string
}[] = [
  {
    name: 'get',
    summary: 'Answer git with an access token',
    description: 'Answer with an access token: a cached, a refreshed or a new one.',
  },
  {
    name: 'store',
    summary: 'Keep nothing',
    description:
      'Keep nothing: the answered token is saved already. If git gave it as a password to helpers before this one, make them forget it.',
  },
  {
    name: 'erase',
    summary: 'Forget the access token that git says was refused',
    description:
      'Forget the access token that git says was refused. Without a password: forget the whole login, of the username if there is one, else of all accounts of the host.',
  },
  {
    name: 'capability',
    summary: 'Tell git what this helper can do',
    description: 'Tell git what this helper can do.',
  },
]

/** The exit codes of commands. Git is told of any failure with 1. */
export const EXIT_CODES: readonly { readonly code: number; readonly meaning: string }[] = [
  { code: 0, meaning: 'success; also for a host that is not ours' },
  { code: 1, meaning: 'failure' },
  { code: 2, meaning: 'wrong usage' },
  { code: 3, meaning: 'not configured: run `setup`' },
  { code: 4, meaning: 'a login is needed: run `login`' },
  { code: 130, meaning: 'interrupted' },
]
