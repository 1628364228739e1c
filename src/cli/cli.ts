import { readFileSync } from 'node:fs'
import yargs, { type Argv, type Options } from 'yargs'
import type { Context } from '../base/context.ts'
import { Failure, isFailure } from '../base/failure.ts'
import { parseObject } from '../base/json.ts'
import { COMMAND } from '../base/program.ts'
import { report } from '../base/report.ts'
import type { Arguments } from './arguments.ts'
import {
  type Command,
  COMMANDS,
  EXIT_CODES,
  HELP_TOPICS,
  OPERATION_TEXTS,
  type Option,
  type Positional,
  positionalSynopsis,
} from './manual.ts'
import { describeTerminal, guardTerminal } from './terminal.ts'

/** @returns the exit code, if another than 0 */
type Run = (args: Arguments, context: Context) => Promise<number | void>

/** Each command in its own file, which is loaded when it is chosen. */
const RUN: Readonly<Record<string, Run>> = {
  setup: async (...typed) => (await import('./commands/setup.ts')).setup(...typed),
  login: async (...typed) => (await import('./commands/login.ts')).login(...typed),
  logout: async (...typed) => (await import('./commands/logout.ts')).logout(...typed),
  status: async (...typed) => (await import('./commands/status.ts')).status(...typed),
  token: async (...typed) => (await import('./commands/token.ts')).token(...typed),
  refresh: async (...typed) => (await import('./commands/refresh.ts')).refresh(...typed),
  configure: async (...typed) => (await import('./commands/configure.ts')).configure(...typed),
  unconfigure: async (...typed) => (await import('./commands/unconfigure.ts')).unconfigure(...typed),
  doctor: async (...typed) => (await import('./commands/doctor.ts')).doctor(...typed),
  archive: async (...typed) => (await import('./commands/archive.ts')).archive(...typed),
  api: async (...typed) => (await import('./commands/api.ts')).api(...typed),
  downloads: async (...typed) => (await import('./commands/downloads.ts')).downloads(...typed),
  help: async (...typed) => (await import('./commands/help.ts')).help(...typed),
  completion: async (...typed) => (await import('./commands/completion.ts')).completion(...typed),
}

/** Runs a command that a person types, and returns its exit code. `complain` takes words for stderr as they are. */
export async function run(
  args: readonly string[],
  context: Context,
  complain: (text: string) => void,
): Promise<number> {
  let exitCode = 0
  const guarded = guardTerminal(context)
  const parser = makeParser(context, async (command, typed) => {
    const work = RUN[command]
    if (work === undefined) throw new Error(`${command} is in the manual, and has no function here`)
    exitCode = (await work(typed, guarded)) ?? 0
  }).fail((problem, error) => refuse(args, problem, error))
  if (args.length === 0) {
    complain(`${await parser.getHelp()}\n`)
    return 2
  }
  try {
    await parser.parseAsync(separate(args), {}, (_: unknown, __: unknown, output: string) => {
      if (output !== '') guarded.write(`${output}\n`)
    })
    return exitCode
  } catch (error) {
    if (!isFailure(error)) throw error
    complain(report(error))
    return exitCodeOf(error.code)
  }
}

/**
 * `-XPOST` as `-X POST`: the library would take each letter for a switch. `help` with a topic: the library would take that word
 * at the end for `--help`.
 */
function separate(args: readonly string[]): string[] {
  if (args[0] === 'help' && !/^\w/.test(args[1] ?? '')) return ['help', HELP_TOPICS.all, ...args.slice(1)]
  const options = COMMANDS.find(({ name }) => name === args[0])?.options ?? []
  const takesValue = (letter: string): boolean =>
    options.some(({ alias, value }) => alias === letter && value !== undefined)
  return args.flatMap((word) => {
    const [, letter = '', rest = ''] = /^-(\w)([^=].*)$/s.exec(word) ?? []
    return takesValue(letter) ? [`-${letter}`, rest] : [word]
  })
}

function exitCodeOf(code: string | undefined): number {
  if (code === 'not_configured') return 3
  if (code === 'login_required' || code === 'login_paused') return 4
  if (code === 'usage') return 2
  return code === 'interrupted' ? 130 : 1
}

function makeParser({ streams, env }: Context, chosen: (command: string, typed: Arguments) => Promise<void>): Argv {
  const parser = yargs()
    .scriptName(COMMAND)
    .locale('en')
    .usage(
      `Usage: $0 <command>

Logs git in to Bitbucket Cloud: once in the browser, then never again. To begin:

  ${COMMAND} setup`,
    )
    .epilogue(
      `Exit codes: ${EXIT_CODES.map(({ code, meaning }) => `${code} ${meaning.replace(/[:;].*/, '')}`).join(', ')}.\nAll of it: ${COMMAND} help`,
    )
    .alias('h', 'help')
    .version(readVersion())
    .alias('v', 'version')
    // Options are named as in the manual: `--no-refresh` is a switch of its own, and does not negate another one.
    // An option that was given twice comes as a list.
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
    })
    .strict()
    .recommendCommands()
    .wrap(describeTerminal(streams.stdout, env).width ?? null)
    .exitProcess(false)
  for (const command of COMMANDS) {
    parser.command(
      [command.name, ...command.positionals.map(syntax)].join(' '),
      command.summary,
      (own) => describe(own, command),
      async (typed) => chosen(command.name, readArguments(typed)),
    )
  }
  for (const { name, summary } of OPERATION_TEXTS) parser.command(name, `(git's own) ${summary}`)
  return parser
}

/** The library's own errors are about how a command was typed, in words without codes. All others come out of the command. */
function refuse(args: readonly string[], problem: string | undefined, error: Error | undefined): never {
  const [command = ''] = args
  if (error !== undefined && error !== null && error.name !== 'YError') throw error
  const isKnown = COMMANDS.some(({ name }) => name === command)
  // Some of the library's messages have several lines.
  const said = (problem ?? error?.message ?? '').replaceAll(/\s+/g, ' ')
  const text = isKnown && said.startsWith('Unknown argument') ? describeSurplus(command, args) : said
  throw new Failure(text.replace(/^Did you mean (.+)\?$/, `there is no command ${command}; did you mean $1?`), {
    code: 'usage',
    hints: [`${COMMAND} ${isKnown ? `${command} ` : ''}-h`],
    cause: error,
  })
}

/** As yargs reads it, whose own form of several is `[file..]`. */
function syntax(positional: Positional): string {
  return positionalSynopsis({ ...positional, isList: false }).replace(/(?=.$)/, positional.isList ? '..' : '')
}

/** The library would repeat all unknown arguments. One of them may be a secret, so options alone are named. */
function describeSurplus(command: string, args: readonly string[]): string {
  const known = COMMANDS.find(({ name }) => name === command)?.options.map(({ name }) => name) ?? []
  const end = args.indexOf('--')
  const unknown = args
    .slice(0, end === -1 ? args.length : end)
    .map((arg) => /^--([a-z][a-z-]*)(=|$)/.exec(arg)?.[1])
    .filter((name) => name !== undefined && ![...known, 'help', 'version'].includes(name))
  return unknown.length === 0 ? 'too many arguments' : `there is no option --${unknown.join(', --')}`
}

function describe(parser: Argv, command: Command): Argv {
  const { name, positionals, options, description, examples } = command
  parser.usage(`Usage: $0 ${[name, ...positionals.map(positionalSynopsis)].join(' ')}\n\n${description}`)
  for (const { name: positional, description: text, choices } of positionals) {
    parser.positional(positional, { type: 'string', describe: text, ...(choices === undefined ? {} : { choices }) })
  }
  for (const option of options) parser.option(option.name, settingsOf(option))
  for (const { line, description: text } of examples) parser.example(line, text)
  return parser.epilogue('')
}

function settingsOf({ alias, value, description, choices }: Option): Options {
  return {
    describe: description,
    ...(alias === undefined ? {} : { alias }),
    ...(choices === undefined ? {} : { choices }),
    ...(value === undefined ? { type: 'boolean' } : { type: 'string', requiresArg: true }),
  }
}

function readArguments(typed: Readonly<Record<string, unknown>>): Arguments {
  const list = (name: string): string[] =>
    [typed[name]].flat().filter((value): value is string => typeof value === 'string')
  return { text: (name) => list(name).at(-1), list, has: (name) => typed[name] === true }
}

/** The built file lies in dist/. */
function readVersion(): string {
  const manifest = parseObject(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return String(manifest?.['version'])
}
