import test from 'ava'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInBitbucketNetwork } from '../helpers/bitbucketNetwork.ts'
import { type Caller, CALLERS, type State, STATES } from '../helpers/callers.ts'
import type { CallerRun } from '../helpers/callersRun.ts'
import { makeUser, requestFor } from '../helpers/user.ts'

const TITLES: Readonly<Record<State, string>> = {
  cached: 'takes a token from the cache',
  expired: 'has a token refreshed that has ended',
  missing: 'has a person log in, once',
  nobody: 'opens no browser and ends, where nobody can be asked',
}

/** The grants that a state leads to. */
const GRANTS: Readonly<Record<State, readonly string[]>> = {
  cached: [],
  expired: ['refresh_token'],
  missing: ['authorization_code'],
  nobody: [],
}

/** All of them share a sandbox and a process. */
const runs = runCallers()

async function runCallers(): Promise<readonly CallerRun[]> {
  const program = fileURLToPath(new URL('../helpers/callersRun.ts', import.meta.url))
  const command = [process.execPath, '--import=./scripts/typescript/register.js', program]
  const { code, stdout, stderr } = await runInBitbucketNetwork(command)
  if (code !== 0) throw new Error(stderr)
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as CallerRun)
}

async function findRun({ name, needs }: Caller, state: CallerRun['state']): Promise<CallerRun> {
  if (needs !== undefined && !existsSync(needs[0])) {
    throw new Error(`${needs[0]} is missing: on Debian, apt-get install ${needs[1]}`)
  }
  const run = (await runs).find((one) => one.name === name && one.state === state)
  if (run === undefined) throw new Error(`${name} was not run`)
  return run
}

for (const caller of CALLERS) {
  for (const state of STATES) {
    test(`${caller.name} ${TITLES[state]}`, async (t) => {
      const { code, output, grants, opened, leaks } = await findRun(caller, state)

      t.is(code === 0, state !== 'nobody', output)
      t.deepEqual(grants, GRANTS[state])
      t.is(opened, state === 'missing' ? 1 : 0)
      t.deepEqual(leaks, [])
      const sentences = output.match(/no browser was opened, because [^\n]+\n[^\n]*hint: to log in/g) ?? []
      t.is(sentences.length, state === 'nobody' && caller.isSilent !== true ? 1 : 0, output)
    })
  }
  if (caller.mendsRevoked === true) {
    test(`${caller.name} has a token replaced that was revoked`, async (t) => {
      const { code, output, grants, opened } = await findRun(caller, 'revoked')

      t.is(code, 0, output)
      t.deepEqual(grants, ['refresh_token'])
      t.is(opened, 0)
    })
  }
}

test('the documentation has each caller in its table', (t) => {
  const text = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8')
  const [, section = ''] = text.split('\n## Callers\n')
  const [table = ''] = section.split('\n### ')

  const named = [...table.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, name]) => name)

  t.deepEqual(
    named.filter((name) => name !== 'caller' && !/^-+$/.test(name ?? '')),
    CALLERS.map(({ name }) => name),
  )
})

for (const [name, words] of [
  ['git', 'terminal prompts disabled'],
  ['go', 'terminal prompts disabled'],
  ['cargo', 'failed to authenticate when downloading repository'],
  ['cargo', 'failed to acquire username/password from local configuration'],
  ['npm', 'npm error command git --no-replace-objects ls-remote ssh://git@bitbucket.org/'],
  ['composer', 'No bitbucket authentication configured. Falling back to ssh.'],
] as const) {
  test(`the words of ${name} have an entry: ${words}`, async (t) => {
    const run = (await runs).find((one) => one.name === name && one.state === 'nobody')

    t.true(run?.output.includes(words), run?.output)
    t.true(readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8').includes(`\n**${words}`))
  })
}

test('a caller that does not find Node: in the words of its entry', async (t) => {
  const { home, sandbox } = await makeUser(t)
  const programs = join(home.path, 'programs')
  mkdirSync(programs)
  for (const name of ['env', 'git']) symlinkSync(`/usr/bin/${name}`, join(programs, name))
  Object.assign(home.env, { PATH: `${home.path}/bin:${programs}`, GIT_TERMINAL_PROMPT: '0' })

  const { code, stderr } = await home.run('git', ['credential', 'fill'], { input: requestFor(sandbox.origin) })

  t.is(code, 128)
  t.regex(
    stderr,
    /^\/usr\/bin\/env: ['‘]node['’]: No such file or directory\nfatal: could not read Username for [^\n]+\n$/,
  )
})
