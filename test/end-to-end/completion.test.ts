import test, { type ExecutionContext } from 'ava'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMMANDS } from '../../src/cli/manual.ts'
import { Home } from '../helpers/home.ts'
import { needProgram } from '../helpers/programs.ts'

const NAMES = COMMANDS.map(({ name }) => name)

const PROGRAMS = [
  'git-credential-bitbucket-oauth',
  'git credential-bitbucket-oauth',
  'git -C . credential-bitbucket-oauth',
]

/** What is typed, and what a shell offers for it; a shell may offer nothing but options only when a hyphen is there. */
const TYPED = [
  ['', NAMES],
  ['st', ['status']],
  ['un', ['unconfigure']],
  ['setup --', ['--key', '--secret-stdin', '--callback', '--no-login']],
  ['setup acme --k', ['--key']],
  ['setup --key ', []],
  ['login --u', ['--username']],
  ['login --username ', []],
  ['token --no', ['--no-refresh']],
  ['configure --', ['--global', '--system', '--local', '--dry-run', '--key']],
  ['configure --dry-run --g', ['--global']],
  ['archive --format ', ['tar.gz', 'zip', 'tar.bz2']],
  ['archive -o ', []],
  ['api -X ', []],
  ['api user -f a=b --fi', ['--field']],
  ['downloads l', ['list']],
  ['downloads put acme/widgets a b --u', ['--username']],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['completion z', ['zsh']],
  ['completion bash ', []],
] as const

/** A user's home with the script of the shell in it, and a file that no command takes. */
async function makeHome(t: ExecutionContext, shell: string): Promise<Home> {
  needProgram(shell)
  const home = new Home()
  t.teardown(() => home.remove())
  writeFileSync(join(home.path, 'work/zone'), '')
  const { code, stdout, stderr } = await home.git('credential-bitbucket-oauth', 'completion', shell)
  t.deepEqual([code, stderr], [0, ''])
  writeFileSync(join(home.path, 'script'), stdout)
  return home
}

/** All that one of these shells offers for what is typed after each program, one in a line, and a line that ends them. */
async function offers(t: ExecutionContext, home: Home, shell: string, lines: readonly string[]): Promise<string[][]> {
  const asked = lines.join('\n')
  const { code, stdout, stderr } = await home.run(shell, [join(home.path, `ask.${shell}`)], { input: `${asked}\n` })
  t.deepEqual([code, stderr], [0, ''])
  return stdout
    .split('--end--\n')
    .slice(0, -1)
    .map((part) => part.split('\n').filter((line) => line !== ''))
}

for (const program of PROGRAMS) {
  test(`bash completes what follows ${program}`, async (t) => {
    const home = await makeHome(t, 'bash')
    // As bash does it on a tab: the words go into COMP_WORDS, and the function that \`complete -p\` tells is called.
    writeFileSync(
      join(home.path, 'ask.bash'),
      `. /usr/share/bash-completion/completions/git
. ${home.path}/script
while IFS= read -r line; do
  COMP_LINE=$line COMP_POINT=\${#line} COMP_TYPE=9 COMP_KEY=9
  read -ra COMP_WORDS <<< "$line"
  [[ $line == *' ' ]] && COMP_WORDS+=('')
  COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
  COMPREPLY=()
  [[ $(complete -p "\${COMP_WORDS[0]}") =~ -F\\ ([^ ]+) ]]
  "\${BASH_REMATCH[1]}" "\${COMP_WORDS[0]}" "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"
  printf '%s\\n' "\${COMPREPLY[@]}"
  echo --end--
done
`,
    )

    const offered = await offers(
      t,
      home,
      'bash',
      TYPED.map(([typed]) => `${program} ${typed}`),
    )

    t.deepEqual(
      offered.map((words) => words.map((word) => word.trimEnd())),
      TYPED.map(([, expected]) => [...expected]),
    )
  })
}

test('bash completes without the completion of git as well', async (t) => {
  const home = await makeHome(t, 'bash')
  const script = `. ${home.path}/script
words=(git credential-bitbucket-oauth st) cword=2 cur=st
_git_credential_bitbucket_oauth
printf '%s\\n' "\${COMPREPLY[@]}"`

  const outcome = await home.run('bash', ['-uc', script])

  t.deepEqual(outcome, { code: 0, stdout: 'status\n', stderr: '' })
})

for (const program of PROGRAMS) {
  test(`fish completes what follows ${program}, with descriptions`, async (t) => {
    const home = await makeHome(t, 'fish')
    writeFileSync(
      join(home.path, 'ask.fish'),
      `source ${home.path}/script
while read -l line
    complete -C "$line"
    echo --end--
end
`,
    )

    const offered = await offers(
      t,
      home,
      'fish',
      TYPED.map(([typed]) => `${program} ${typed}`),
    )

    t.deepEqual(
      // Fish has one of its own for each command of git's.
      offered.map((lines) =>
        lines
          .map((line) => line.replace(/\t.*/, ''))
          .filter((word) => word !== '--help')
          .toSorted(),
      ),
      TYPED.map(([, expected]) => expected.toSorted()),
    )
    t.deepEqual(offered[1], ['status\tTell which logins are kept, where, and what is wrong'])
    t.deepEqual(offered[4], ["--key\tThe consumer's key"])
  })
}

for (const program of PROGRAMS) {
  test(`zsh completes what follows ${program}, with descriptions`, async (t) => {
    const home = await makeHome(t, 'zsh')
    // At a terminal of its own: what completion adds goes into a pipe, and what it shows onto a screen.
    writeFileSync(
      join(home.path, '.zshrc'),
      `PROMPT= LISTMAX=1000
stty cols 200
autoload -Uz compinit && compinit -u
eval "$(<${home.path}/script)"
zstyle ':completion:*' insert-tab false
exec 3> ${home.path}/pipe
compadd () {
  local -a added
  [[ " $* " == *' -'[OAD]' '* ]] || { builtin compadd -A added "$@"; (( $#added )) && print -rl -u3 -- $added }
  builtin compadd "$@"
}
finish () { comppostfuncs=(finish); print -u3 -- --end-- }
comppostfuncs=(finish)
zle-line-init () { finish }
zle -N zle-line-init
`,
    )
    writeFileSync(
      join(home.path, 'ask.zsh'),
      `zmodload zsh/zpty
mkfifo ${home.path}/pipe
zpty shell TERM=xterm zsh -i
exec 3< ${home.path}/pipe
await () {
  local line
  while read -ru3 -t 60 line; do
    [[ $line == --end-- ]] && return
    print -r -- $line
  done
  exit 1
}
await
while IFS= read -r line; do
  zpty -wn shell "$line"$'\\t'
  await
  zpty -wn shell $'\\C-u'
  print -- --end--
  while zpty -rt shell shown; do print -rn -- $shown >> ${home.path}/screen; done
done
zpty -d shell
`,
    )

    const offered = await offers(
      t,
      home,
      'zsh',
      TYPED.map(([typed]) => `${program} ${typed}`),
    )

    t.deepEqual(
      offered.map((words) => words.toSorted()),
      TYPED.map(([, expected]) => expected.toSorted()),
    )
    const screen = readFileSync(join(home.path, 'screen'), 'utf8')
    t.regex(screen, /status +-- Tell which logins are kept/)
    t.regex(screen, /--secret-stdin +-- Read the consumer's secret/)
  })
}

test('completion for another shell is wrong usage, said in one line', async (t) => {
  const home = new Home()
  t.teardown(() => home.remove())

  const outcome = await home.git('credential-bitbucket-oauth', 'completion', 'tcsh')

  t.like(outcome, { code: 2, stdout: '' })
  t.regex(outcome.stderr, /^[^\n]+: Invalid values: [^\n\uFFFD]*"tcsh"[^\n\uFFFD]*\nhint: [^\n]+ -h\n$/)
})
