import test, { type ExecutionContext } from 'ava'
import { readFileSync, writeFileSync } from 'node:fs'
import { type Git, testEachGit } from '../helpers/gits.ts'
import type { Home, Outcome } from '../helpers/home.ts'
import { makeLoggedInUser, makeUser, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

/** A user with a clone and no login; the browser must not open. */
async function makeLoggedOutUser(t: ExecutionContext, git: Git): Promise<{ home: Home; sandbox: Sandbox }> {
  const { home, sandbox, request } = await makeLoggedInUser(t, { git })
  t.is((await home.git('clone', '--quiet', sandbox.repository('widgets'))).code, 0)
  t.is((await home.helper('erase', request)).code, 0)
  // A prompt of git's own would be a window as well.
  home.env['GIT_ASKPASS'] = String(home.env['BROWSER'])
  return { home, sandbox }
}

for (const [title, change, obstacle, hint] of [
  ['GIT_TERMINAL_PROMPT=0', { GIT_TERMINAL_PROMPT: '0' }, 'GIT_TERMINAL_PROMPT is off', 'to log in: git'],
  ['GCM_INTERACTIVE=0', { GCM_INTERACTIVE: '0' }, 'GCM_INTERACTIVE is off', 'to log in: git'],
  ['GCM_INTERACTIVE=never', { GCM_INTERACTIVE: 'never' }, 'GCM_INTERACTIVE is off', 'to log in: git'],
  ['VS Code’s auto-fetch', { VSCODE_GIT_FETCH_SILENT: 'true' }, 'VS Code fetches in the background', 'to log in: git'],
  ['CI=true', { CI: 'true' }, 'CI is set', 'to log in, where a person sits and CI is not set: git'],
  [
    'no screen and no terminal',
    { BROWSER: '' },
    'there is neither a display nor a terminal',
    'to log in, in a terminal: git',
  ],
] as const) {
  test(`${title}: one sentence, the command to run, and no browser`, async (t) => {
    const { home, sandbox } = await makeUser(t)
    Object.assign(home.env, change)

    const { code, stdout, stderr } = await home.helper('get', requestFor(sandbox.origin))

    const { host } = new URL(sandbox.origin)
    t.is(code, 1)
    t.is(stdout, '', 'git may ask the next helper')
    t.is(
      stderr,
      `git-credential-bitbucket-oauth: no login for ${host} is saved; no browser was opened, because ${obstacle}
hint: ${hint} credential-bitbucket-oauth login ${sandbox.origin}
`,
    )
    t.deepEqual(home.openedUrls(), [])
  })
}

for (const value of ['false', 'never', 'no']) {
  test(`credential.interactive = ${value}: no browser`, async (t) => {
    const { home, sandbox } = await makeUser(t)
    home.configure({ 'credential.interactive': value })

    const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

    t.is(code, 1)
    t.regex(stderr, /no browser was opened, because credential\.interactive is off\nhint: to log in: git cred/)
    t.deepEqual(home.openedUrls(), [])
  })
}

for (const [title, settings, env] of [
  ['credential.interactive=false', ['-c', 'credential.interactive=false'], {}],
  ['GIT_TERMINAL_PROMPT=0', [], { GIT_TERMINAL_PROMPT: '0' }],
  ['CI=true', [], { CI: 'true' }],
] as const) {
  testEachGit(`a fetch with ${title} opens nothing`, async (t, git) => {
    const { home } = await makeLoggedOutUser(t, git)
    // Git asks there itself, whatever the helper says; only the browser is ours.
    delete home.env['GIT_ASKPASS']
    Object.assign(home.env, env)

    const { code, stderr } = await home.git(...settings, '-C', 'widgets', 'fetch', '--quiet')

    t.is(code, 128)
    t.regex(stderr, /no browser was opened, because [^\n]+\nhint: to log in/)
    t.deepEqual(home.openedUrls(), [])
  })
}

for (const args of [
  ['maintenance', 'run', '--task=prefetch'],
  ['fetch', '--prefetch', '--quiet'],
] as const) {
  testEachGit(`git ${args.join(' ')} opens nothing`, async (t, git) => {
    const { home } = await makeLoggedOutUser(t, git)
    delete home.env['GIT_ASKPASS']

    const { code, stderr } = await home.git('-C', 'widgets', ...args)

    t.not(code, 0)
    t.regex(stderr, /no browser was opened, because git fetches in the background\nhint: to log in: git cred/)
    t.deepEqual(home.openedUrls(), [])
  })

  testEachGit(`git ${args.join(' ')} refreshes in silence`, async (t, git) => {
    const { home, sandbox } = await makeLoggedInUser(t, { git })
    t.is((await home.git('clone', '--quiet', sandbox.repository('widgets'))).code, 0)
    home.expire(sandbox.origin)

    t.deepEqual(await home.git('-C', 'widgets', ...args), { code: 0, stdout: '', stderr: '' })

    t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
  })
}

testEachGit(
  'a login that is cancelled ends git at once, and is not asked for again by the next fetches',
  async (t, git) => {
    const { home, sandbox } = await makeLoggedOutUser(t, git)
    home.useBrowser('follow.ts', 'cancel')

    const cancelled = await home.git('-C', 'widgets', 'fetch', '--quiet')
    const next = await home.git('-C', 'widgets', 'fetch', '--quiet')

    t.is(cancelled.code, 128)
    t.regex(
      cancelled.stderr,
      /: access was denied in the browser, so there is no token\nfatal: [^\n]+ told us to quit\n$/,
    )
    t.is(next.code, 128)
    t.regex(
      next.stderr,
      /is saved; no browser was opened, because the login a moment ago was cancelled\nhint: to log in now: git credential-bitbucket-oauth login http:[^\n]+\nfatal: [^\n]+ told us to quit\n$/,
    )
    t.is(home.openedUrls().length, 1, 'the cancelled login, and no prompt')

    home.useBrowser('follow.ts')
    const login = await home.run('git-credential-bitbucket-oauth', ['login', sandbox.origin])
    t.is(login.code, 0, login.stderr)
    home.forbidBrowser()
    t.deepEqual(await home.git('-C', 'widgets', 'fetch', '--quiet'), { code: 0, stdout: '', stderr: '' })
    t.false(
      home.files(home.runtime).some((name) => name.endsWith('failed-login')),
      'the note is gone',
    )
  },
)

test('where git has another helper after us, a cancelled login ends one command and leaves the next to that helper', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.configure({ 'credential.helper': "!printf 'username=theirs\\\\npassword=theirs\\\\n' #" })
  home.useBrowser('follow.ts', 'cancel')
  const input = requestFor(sandbox.origin)

  const cancelled = await home.run('git', ['credential', 'fill'], { input })
  const next = await home.run('git', ['credential', 'fill'], { input })

  t.is(cancelled.code, 128)
  t.is(next.code, 0, next.stderr)
  t.regex(next.stdout, /password=theirs/)
  t.is(home.openedUrls().length, 1)
})

/** A user whose last login ended so many seconds ago. */
async function makePausedUser(
  t: ExecutionContext,
  code: string,
  secondsAgo: number,
): Promise<{ home: Home; sandbox: Sandbox }> {
  const { home, sandbox } = await makeUser(t)
  home.useBrowser('follow.ts', 'cancel')
  t.is((await home.helper('get', requestFor(sandbox.origin))).code, 1)
  age(home, sandbox, secondsAgo, code)
  home.useBrowser('follow.ts')
  return { home, sandbox }
}

function noteOf(home: Home, sandbox: Sandbox): string {
  return `${home.recordPath(home.runtime, sandbox.origin)}.failed-login`
}

function age(home: Home, sandbox: Sandbox, seconds: number, code?: string): void {
  const note = JSON.parse(readFileSync(noteOf(home, sandbox), 'utf8')) as Record<string, unknown>
  const aged = { ...note, ...(code === undefined ? {} : { code }), leftAt: Date.now() / 1000 - seconds }
  writeFileSync(noteOf(home, sandbox), JSON.stringify(aged))
}

for (const [title, code, secondsAgo, isAsked] of [
  ['nine minutes after it was cancelled', 'access_denied', 540, false],
  ['ten minutes after it was cancelled', 'access_denied', 600, true],
  ['nine minutes after nobody came', 'timeout', 540, false],
  ['ten minutes after nobody came', 'timeout', 600, true],
  ['a second after a wrong secret was found', 'unauthorized_client', 1, true],
] as const) {
  test(`${title}, git ${isAsked ? 'asks for a login again' : 'asks for no login'}`, async (t) => {
    const { home, sandbox } = await makePausedUser(t, code, secondsAgo)

    const outcome = await home.helper('get', requestFor(sandbox.origin))

    t.is(outcome.code, isAsked ? 0 : 1, outcome.stderr)
    if (!isAsked) t.regex(outcome.stderr, /because the login 9 minutes ago was (cancelled|not finished)\nhint: to log/)
    t.is(home.openedUrls().length, isAsked ? 2 : 1)
  })
}

for (const [seconds, isAsked] of [
  [1, false],
  [20, true],
] as const) {
  test(`at a terminal, ${seconds} seconds after a cancelled login: ${isAsked ? 'asked again' : 'not asked'}`, async (t) => {
    const { home, sandbox } = await makePausedUser(t, 'access_denied', seconds)

    const { stdout } = await getAtTerminal(home, sandbox)

    t.regex(stdout, isAsked ? /to log in, use the browser that opens now/ : /no browser was opened, because the login/)
    t.is(home.openedUrls().length, isAsked ? 2 : 1)
  })
}

function getAtTerminal(home: Home, sandbox: Sandbox): Promise<Outcome> {
  writeFileSync(`${home.path}/request`, requestFor(sandbox.origin))
  const command = 'git-credential-bitbucket-oauth get < ../request > /dev/null'
  return home.run('script', ['--quiet', '--return', '--command', command, '/dev/null'])
}

test('each time in a row that nobody comes, the pause is twice as long', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.configure({ [`credential.${sandbox.origin}.oauthLoginTimeout`]: '1' })
  home.useAbsentUser()
  const pauses: unknown[] = []

  for (let night = 1; night <= 3; night++) {
    const { code, stdout, stderr } = await home.helper('get', requestFor(sandbox.origin))
    t.is(code, 1)
    t.is(stdout, 'quit=1\n')
    t.regex(stderr, /did not come back from the login within/)
    pauses.push((JSON.parse(readFileSync(noteOf(home, sandbox), 'utf8')) as Record<string, unknown>)['pause'])
    age(home, sandbox, Number(pauses.at(-1)))
  }

  t.deepEqual(pauses, [600, 1200, 2400])
  t.is(home.openedUrls().length, 3)
})

for (const attributes of [{}, { username: 'alice' }]) {
  test(`git credential reject ends the pause ${JSON.stringify(attributes)}`, async (t) => {
    const { home, sandbox } = await makePausedUser(t, 'access_denied', 60)
    const input = requestFor(sandbox.origin, attributes)

    t.is((await home.run('git', ['credential', 'reject'], { input })).code, 0)

    t.is((await home.helper('get', input)).code, 0)
  })
}

for (const [minutes, words] of [
  [1, '1 minute'],
  [119, '119 minutes'],
  [120, '2 hours'],
  [1430, '23 hours'],
] as const) {
  test(`nobody has come for nights: the longest pause is a day, told after ${words}`, async (t) => {
    const { home, sandbox } = await makePausedUser(t, 'timeout', minutes * 60)
    const note = JSON.parse(readFileSync(noteOf(home, sandbox), 'utf8')) as Record<string, unknown>
    writeFileSync(noteOf(home, sandbox), JSON.stringify({ ...note, pause: 24 * 3600 }))

    const { code, stderr } = await home.helper('get', requestFor(sandbox.origin))

    t.is(code, 1)
    t.true(stderr.includes(`because the login ${words} ago was not finished\n`), stderr)
  })
}

for (const pause of [undefined, 'long', -1, 1e9]) {
  test(`a note with the pause ${pause} pauses, and not for good`, async (t) => {
    const { home, sandbox } = await makePausedUser(t, 'timeout', 540)
    const note = JSON.parse(readFileSync(noteOf(home, sandbox), 'utf8')) as Record<string, unknown>
    writeFileSync(noteOf(home, sandbox), JSON.stringify({ ...note, pause }))
    t.is((await home.helper('get', requestFor(sandbox.origin))).code, 1)

    writeFileSync(noteOf(home, sandbox), JSON.stringify({ ...note, pause, leftAt: Date.now() / 1000 - 24 * 3600 }))

    t.is((await home.helper('get', requestFor(sandbox.origin))).code, 0)
  })
}

test('the state of another helper, and one that only looks like ours, are passed over', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  for (const state of ['other:f00d:0:', 'bitbucket-oauth:', 'bitbucket-oauth:f00d:2:', 'bitbucket-oauth:f00d:0:%']) {
    const input = `capability[]=state\n${request}username=x-token-auth\nstate[]=${state}\n`
    const { code, stdout, stderr } = await home.helper('get', input)
    t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
    t.regex(stdout, /\ncontinue=1\n$/)
    t.deepEqual(await home.helper('store', `${input}password=theirs\n`), { code: 0, stdout: '', stderr: '' })
  }
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})

for (const [title, change] of [
  ['credential.interactive is off', { config: { 'credential.interactive': 'false' } }],
  ['GIT_TERMINAL_PROMPT is off', { env: { GIT_TERMINAL_PROMPT: '0' } }],
] as const) {
  test(`login by hand asks, though ${title}`, async (t) => {
    const { home, sandbox } = await makeUser(t)
    if ('config' in change) home.configure(change.config)
    else Object.assign(home.env, change.env)
    home.useBrowser('follow.ts')

    const { code, stderr } = await home.run('git-credential-bitbucket-oauth', ['login', sandbox.origin])

    t.is(code, 0, stderr)
  })
}
