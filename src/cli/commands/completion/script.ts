import { COMMAND } from '../../../base/program.ts'
import { quoteForSh } from '../../../base/shell.ts'
import { type Command, COMMANDS, type Option } from '../../manual.ts'

/**
 * A script to be evaluated by a shell, after which it completes our commands and their options, for `git-credential-…` and
 * for `git credential-…` alike; undefined where there is none for that shell.
 */
export function completionScript(shell: string, commands = COMMANDS): string | undefined {
  return SCRIPTS[shell]?.(commands)
}

const SCRIPTS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: scriptForBash,
  zsh: scriptForZsh,
  fish: scriptForFish,
}

const SUBCOMMAND = COMMAND.replace('git ', '')
const FILE = `git-${SUBCOMMAND}`
const IDENTIFIER = FILE.replaceAll('-', '_')

/** Git's completion calls `_git_…` for a command that it does not know, and has the words in variables of its own. */
function scriptForBash(commands: readonly Command[]): string {
  return `# What may stand after these words, the first of which is the command.
__${IDENTIFIER} ()
{
	if [ $# -eq 0 ]; then
		echo ${commands.map(({ name }) => name).join(' ')}
		return
	fi
	case "$1 \${!#}" in
${commands.flatMap(casesForBash).join('\n')}
	esac
}

_${IDENTIFIER} ()
{
	local first=$((\${__git_cmd_idx:-1} + 1))
	local candidates="$(__${IDENTIFIER} "\${words[@]:first:cword-first}")"
	if declare -F __gitcomp >/dev/null; then
		__gitcomp "$candidates"
	else
		COMPREPLY=($(compgen -W "$candidates" -- "$cur"))
	fi
}

__${IDENTIFIER}_alone ()
{
	local candidates="$(__${IDENTIFIER} "\${COMP_WORDS[@]:1:COMP_CWORD-1}")"
	COMPREPLY=($(compgen -W "$candidates" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F __${IDENTIFIER}_alone ${FILE}
`
}

/** By the command and the last word: nothing after an option that waits for its value, choices at once or not at all. */
function casesForBash(command: Command): string[] {
  const { name, options } = command
  const words = options.map((option) => `--${option.name}`)
  const choices = choicesOf(command)
  return [
    ...options
      .filter(({ value }) => value !== undefined)
      .map((option) => {
        const typed = spellings(option).map((spelling) => quoteForSh(`${name} ${spelling}`))
        return `\t${typed.join(' | ')}) ${option.choices === undefined ? '' : `echo ${option.choices.join(' ')} `};;`
      }),
    ...(choices.length === 0
      ? []
      : [`\t${quoteForSh(`${name} ${name}`)}) echo ${[...choices, ...words].join(' ')} ;;`]),
    ...(words.length === 0 ? [] : [`\t${quoteForSh(`${name} `)}*) echo ${words.join(' ')} ;;`]),
  ]
}

function spellings({ name, alias }: Option): string[] {
  return alias === undefined ? [`--${name}`] : [`--${name}`, `-${alias}`]
}

function choicesOf({ positionals }: Command): readonly string[] {
  return positionals[0]?.choices ?? []
}

/** Zsh's completion of git calls `_git-…` for a command that it does not know, which is then the first of the words. */
function scriptForZsh(commands: readonly Command[]): string {
  const list = commands.map(({ name, summary }) => quoteForSh(`${name}:${escapeForZsh(summary)}`))
  return `_${FILE} () {
  if (( CURRENT == 2 )); then
    local -a commands
    commands=(
      ${list.join('\n      ')}
    )
    _describe -t commands command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
    ${commands.map((command) => `${command.name}) ${argumentsForZsh(command)} ;;`).join('\n    ')}
  esac
}
compdef _${FILE} ${FILE}
`
}

function argumentsForZsh({ options, positionals }: Command): string {
  const specifications = [
    ...options.flatMap((option) => {
      const { value, description, choices, isList = false } = option
      const parameter = value === undefined ? '' : `:${value}:${actionForZsh(choices)}`
      // Whichever spelling is there, the other is offered no more.
      const others = isList || option.alias === undefined ? '' : `(${spellings(option).join(' ')})`
      return spellings(option).map(
        (spelling) => `${isList ? '*' : others}${spelling}[${escapeForZsh(description)}]${parameter}`,
      )
    }),
    ...positionals.map(({ isRequired = false, isList = false, description, choices }) => {
      const number = isList ? '*:' : isRequired ? ':' : '::'
      return `${number}${escapeForZsh(description)}:${actionForZsh(choices)}`
    }),
  ]
  return ['_arguments', ...specifications.map(quoteForSh)].join(' ')
}

function actionForZsh(choices: readonly string[] | undefined): string {
  return choices === undefined ? ' ' : `(${choices.join(' ')})`
}

function escapeForZsh(text: string): string {
  return text.replace(/[\\:[\]]/g, String.raw`\$&`)
}

function scriptForFish(commands: readonly Command[]): string {
  const rules = commands.flatMap((command) => [
    `-n '__${IDENTIFIER}_at ""' -a ${command.name} -d ${quoteForFish(command.summary)}`,
    ...choicesOf(command).map((choice) => `-n '__${IDENTIFIER}_at ${command.name} 1' -a ${choice}`),
    ...command.options.map(({ name, alias, value, description, choices }) => {
      const letter = alias === undefined ? '' : ` -s ${alias}`
      const parameter =
        value === undefined ? '' : ` -x${choices === undefined ? '' : ` -a ${quoteForSh(choices.join(' '))}`}`
      return `-n '__${IDENTIFIER}_at ${command.name}'${letter} -l ${name}${parameter} -d ${quoteForFish(description)}`
    }),
  ])
  return `# Whether the words so far are ours, with this command, and no more words than so many.
function __${IDENTIFIER}_at
    set -l words (commandline -opc)
    if string match -qr '(^|/)git$' -- $words[1]
        set -l at (contains -i -- ${SUBCOMMAND} $words)
        or return
        set words $words[$at..]
    end
    set -e words[1]
    set -q argv[1]
    or return 0
    test "$words[1]" = "$argv[1]"
    or return
    not set -q argv[2]
    or test (count $words) -le $argv[2]
end

for program in ${FILE} git
    complete -c $program -n __${IDENTIFIER}_at -f
    ${rules.map((rule) => `complete -c $program ${rule}`).join('\n    ')}
end
`
}

/** As for other shells, but that a backslash escapes between quotes as well. */
function quoteForFish(text: string): string {
  return quoteForSh(text.replaceAll('\\', '\\\\'))
}
