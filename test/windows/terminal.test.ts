import test from 'ava'
import { endpointSettings } from '../helpers/home.ts'
import { browserOpened, makeLoggedInWindowsUser, makeWindowsUser, openedUrls, sendPersonAway } from './windowsUser.ts'

test.serial('setup typed in a terminal: a star for each character of the secret, and git is ready', async (t) => {
  const { user, sandbox } = await makeWindowsUser(t)
  const { key, secret } = sandbox.oauth.consumer
  sendPersonAway(t)
  user.configure(endpointSettings(sandbox, 'https://bitbucket.org'))

  const terminal = user.open(t, 'setup', 'acme', '--no-login')
  await terminal.waitFor('Press Enter to open that page in the browser')
  terminal.press('enter')
  await terminal.waitFor('? Key')
  terminal.type(`${key}\r`)
  await terminal.waitFor('? Secret')
  terminal.type(`${secret}\r`)
  const code = await terminal.ended
  const kept = await user.git(['config', '--global', '--get', 'credential.https://bitbucket.org.oauthClientId'])

  t.is(code, 0, terminal.screen())
  t.regex(terminal.screen(), /git is ready/)
  t.false(terminal.printed.includes(secret))
  t.is(kept.stdout.trim(), key)
})

// Wine makes an event of Ctrl-C here too, where Windows hands a program the character, for which it has a word.
test.serial('Ctrl-C ends a question, and shows the cursor again', async (t) => {
  const { user } = await makeWindowsUser(t)

  const terminal = user.open(t, 'setup')
  await terminal.waitFor('Your workspace')
  terminal.press('ctrl-c')
  const code = await terminal.ended

  t.not(code, 0)
  t.true(terminal.hasCursor)
})

test.serial('Ctrl-C ends a login that waits for the browser, and the login before it stays', async (t) => {
  const { user, sandbox } = await makeLoggedInWindowsUser(t)
  const before = user.record(user.data, sandbox.origin)
  const opened = openedUrls().length
  sendPersonAway(t)

  const terminal = user.open(t, 'login', sandbox.origin)
  await terminal.waitFor('Ctrl-C stops')
  // Wine may hang where it comes while Wine makes the browser's process.
  await browserOpened(opened)
  terminal.press('ctrl-c')
  const code = await terminal.ended

  t.is(code, 130, terminal.screen())
  t.notRegex(terminal.screen(), /bug/)
  t.is(openedUrls().length, opened + 1)
  t.deepEqual(user.record(user.data, sandbox.origin), before)
  t.deepEqual(user.files(user.data), [`${encodeURIComponent(sandbox.origin)}.json`])
})
