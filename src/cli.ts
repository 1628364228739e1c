import { readFileSync } from 'node:fs'
import yargs, { type Argv } from 'yargs'
import type { Arguments } from './arguments.ts'
import { isFailure } from './failure.ts'
import { parseObject } from './json.ts'
import { type Command, COMMANDS, EXIT_CODES, OPERATIONS, PROGRAM } from './manual.ts'
import { message, report } from './report.ts'
import type { Surroundings } from './surroundings.ts'

/** @returns the exit code, if another than 0 */
type Run = (args: Arguments, around: Surroundings) => Promise<number | void>

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
  completion: async (...typed) => (await import('./commands/completion.ts')).completion(...typed),
}

/**
 * What a person meets who runs the program by hand.
 *
 * @param complain takes words for stderr as they are
 * @returns the exit code, one of {@link EXIT_CODES}
 */
export async function run(
  args: readonly string[],
  around: Surroundings,
  complain: (text: string) => void,
): Promise<number> {
  let exitCode = args.length === 0 ? 2 : 0
  const parser = makeParser(async (command, typed) => {
    exitCode = (await RUN[command]?.(typed, around)) ?? 0
  })
  if (args.length === 0) {
    complain(`${await parser.getHelp()}\n`)
    return exitCode
  }
  try {
    await parser.parse([...args], (error: Error | undefined, _: unknown, output: string) => {
      if (error === undefined || error === null) {
        if (output !== '') around.write(`${output}\n`)
        return
      }
      // The library's own say how a command was typed; all others come out of the command.
      if (error.name !== 'YError') throw error
      exitCode = 2
      // Of some, yargs makes several lines.
      complain(`${message(error.message.replaceAll(/\s+/g, ' '))}hint: ${PROGRAM} -h\n`)
    })
  } catch (error) {
    if (!isFailure(error)) throw error
    complain(report(error))
    return exitCodeOf(error.code)
  }
  return exitCode
}

/** Codes of Failures that say more than that it failed. */
function exitCodeOf(code: string | undefined): number {
  if (code === 'not_configured') return 3
  if (code === 'login_required' || code === 'login_paused') return 4
  if (code === 'usage') return 2
  return code === 'interrupted' ? 130 : 1
}

function makeParser(chosen: (command: string, typed: Arguments) => Promise<void>): Argv {
  const parser = yargs()
    .scriptName(PROGRAM)
    .locale('en')
    .usage(
      `Usage: $0 <command>

Logs git in to Bitbucket Cloud: once in the browser, then never again. To begin:

  ${PROGRAM} setup`,
    )
    .epilogue(
      `Exit codes: ${EXIT_CODES.map(({ code, meaning }) => `${code} ${meaning.replace(/[:;].*/, '')}`).join(', ')}.\nAll settings: man git-credential-bitbucket-oauth`,
    )
    .alias('h', 'help')
    .version(readVersion())
    .alias('v', 'version')
    // An option's name is what stands in the manual, so `--no-refresh` is a switch and no denial of another one.
    .parserConfiguration({
      'boolean-negation': false,
      'duplicate-arguments-array': false,
      'camel-case-expansion': false,
    })
    .strict()
    .recommendCommands()
    .wrap(width())
    .exitProcess(false)
  for (const command of COMMANDS) {
    parser.command(
      signature(command),
      command.summary,
      (own) => describe(own, command),
      async (typed) => chosen(command.name, readArguments(typed)),
    )
  }
  for (const { name, summary } of OPERATIONS) parser.command(name, `(git's own) ${summary}`)
  return parser
}

function signature({ name, positionals }: Command): string {
  return [name, ...positionals.map((one) => (one.isRequired ? `<${one.name}>` : `[${one.name}]`))].join(' ')
}

function describe(parser: Argv, command: Command): Argv {
  const { positionals, options, description, examples } = command
  parser.usage(`Usage: $0 ${signature(command)}\n\n${description}`)
  for (const { name: positional, description: text, choices } of positionals) {
    parser.positional(positional, { type: 'string', describe: text, ...(choices === undefined ? {} : { choices }) })
  }
  for (const { name: option, value, description: text } of options) {
    parser.option(
      option,
      value === undefined ? { type: 'boolean', describe: text } : { type: 'string', requiresArg: true, describe: text },
    )
  }
  for (const { line, description: text } of examples) parser.example(line, text)
  return parser.epilogue('')
}

function readArguments(typed: Readonly<Record<string, unknown>>): Arguments {
  return {
    text: (name) => {
      const value = typed[name]
      return typeof value === 'string' ? value : undefined
    },
    has: (name) => typed[name] === true,
  }
}

/** Columns of the terminal, as long lines are hard to read up to a hundred; where there is none, lines are whole. */
function width(): number | null {
  return process.stdout.isTTY ? Math.min(process.stdout.columns, 100) : null
}

function readVersion(): string {
  const manifest = parseObject(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return String(manifest?.['version'])
}
