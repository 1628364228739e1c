import test, { type ExecutionContext } from 'ava'
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeDirectory } from '../helpers/directory.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/testParts.sh', import.meta.url))

/** What the script itself runs. */
const OWN = ['bash', 'dirname', 'env', 'grep', 'sh', 'sort', 'tr']

const NEEDS =
  'bzip2 dbus-daemon dbus-send faketime fish git-lfs gnome-keyring-daemon ip man microsocks openssl patchelf script strace tinyproxy unshare valgrind zsh'

/** Below /usr; looked for there, wherever else they are. */
const FILES = ['bin/cargo', 'bin/composer', 'bin/go', 'bin/pip3', 'lib/python3/dist-packages/pygit2']

type Machine = { readonly path: string; readonly has: (program: string, text?: string) => void }

/** A machine with all that the tests need, and the script in a project there. */
function makeMachine(t: ExecutionContext, user: number): Machine {
  const path = makeDirectory(t)
  for (const name of ['bin', 'scripts', '.gits/trixie/bin', '.gits/sid/bin']) {
    mkdirSync(join(path, name), { recursive: true })
  }
  const has = (program: string, text = ''): void =>
    writeFileSync(join(path, program), `#!/bin/sh\n${text}\n`, { mode: 0o700 })
  for (const name of OWN) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' })
    symlinkSync(stdout.trim(), join(path, 'bin', name))
  }
  for (const name of NEEDS.split(' ')) has(`bin/${name}`)
  for (const name of ['usr/bin', 'usr/lib/python3/dist-packages']) mkdirSync(join(path, name), { recursive: true })
  for (const name of FILES) has(`usr/${name}`)
  for (const suite of ['trixie', 'sid']) for (const name of ['git', 'git-lfs']) has(`.gits/${suite}/bin/${name}`)
  has('bin/ldconfig', 'echo "libnss3.so (libc6) => /lib/libnss3.so"')
  has('bin/id', `echo ${user}`)
  has('scripts/gits.sh', 'exit 1')
  cpSync(SCRIPT, join(path, 'scripts/testParts.sh'))
  return { path, has }
}

function run({ path }: Machine): { code: number | null; stdout: string; stderr: string } {
  const env = { PATH: join(path, 'bin'), LOG: join(path, 'log'), SYSTEM: path }
  const { status, stdout, stderr } = spawnSync(join(path, 'scripts/testParts.sh'), { encoding: 'utf8', env })
  return { code: status, stdout, stderr }
}

/** An apt-get that brings one program. */
const APT_GET = 'echo "$*" >> "$LOG"; case "$1" in install) cp "$(dirname "$0")/zsh" "$(dirname "$0")/strace" ;; esac'

test('where all is there, nothing is brought and nothing is said', (t) => {
  t.deepEqual(run(makeMachine(t, 1000)), { code: 0, stdout: '', stderr: '' })
})

for (const [title, user, arrange] of [
  ['as root', 0, () => {}],
  [
    'with sudo that asks for nothing',
    1000,
    ({ has }: Machine) => has('bin/sudo', '[ "$1" = -n ] || exit 1; shift; echo sudo >> "$LOG"; exec "$@"'),
  ],
] as const) {
  test(`${title}, what is missing is brought`, (t) => {
    const machine = makeMachine(t, user)
    rmSync(join(machine.path, 'bin/strace'))
    machine.has('bin/apt-get', APT_GET)
    machine.has('bin/true')
    symlinkSync('/bin/cp', join(machine.path, 'bin/cp'))
    arrange(machine)

    t.deepEqual(run(machine), { code: 0, stdout: 'bringing strace\n', stderr: '' })

    const log = readFileSync(join(machine.path, 'log'), 'utf8')
    t.regex(log, /^(sudo\n){0,2}update\ninstall --yes --no-install-recommends strace\n$/)
    t.is(log.includes('sudo'), user !== 0)
  })
}

test('where nothing may be brought, one line says what to type', (t) => {
  const machine = makeMachine(t, 1000)
  for (const name of ['strace', 'dbus-send', 'dbus-daemon']) rmSync(join(machine.path, 'bin', name))
  machine.has('bin/ldconfig')
  machine.has('bin/apt-get', APT_GET)
  machine.has('bin/sudo', 'exit 1')

  const typed = "sudo sh -c 'apt-get update && apt-get install --yes --no-install-recommends dbus libnss3 strace'"
  t.deepEqual(run(machine), { code: 1, stdout: '', stderr: `the tests need more of this system: type: ${typed}\n` })
  t.false(existsSync(join(machine.path, 'log')))
})

test('where there is no apt-get, one line says what is missing', (t) => {
  const machine = makeMachine(t, 0)
  rmSync(join(machine.path, 'bin/fish'))

  const { code, stderr } = run(machine)

  t.is(code, 1)
  t.is(stderr, 'the tests need more of this system: they run on Debian, with fish\n')
})

test('of the callers of git’s helpers, only the system’s own will do', (t) => {
  const machine = makeMachine(t, 0)
  for (const name of FILES) rmSync(join(machine.path, 'usr', name))
  machine.has('bin/cargo')

  const missing = 'cargo composer golang-go python3-pip python3-pygit2'
  t.is(run(machine).stderr, `the tests need more of this system: they run on Debian, with ${missing}\n`)
})

test('the gits of other releases are brought where they do not run', (t) => {
  const machine = makeMachine(t, 1000)
  machine.has('.gits/sid/bin/git', 'exit 1')
  const failed = run(machine)
  machine.has('scripts/gits.sh', 'echo "#!/bin/sh" > "$(dirname "$0")/../.gits/sid/bin/git"')

  t.like(failed, { code: 1, stderr: 'the tests need more of this system: type: scripts/gits.sh\n' })
  t.like(run(machine), { code: 0, stderr: '' })
})
