import test, { type ExecutionContext } from 'ava'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Home, quote } from '../helpers/home.ts'
import { relayInto } from '../helpers/relay.ts'
import { Terminal } from '../helpers/terminal.ts'
import { makeUser } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const QUESTION = 'The address where the browser ended'

type Person = { readonly home: Home; readonly sandbox: Sandbox; readonly relay: string }

/** A person whose terminal is on another machine, by SSH: it has a network of its own, in which Bitbucket is to be reached. */
async function makeRemotePerson(t: ExecutionContext): Promise<Person> {
  const { home, sandbox } = await makeUser(t)
  delete home.env['BROWSER']
  home.env['SSH_CONNECTION'] = '192.0.2.1 50000 192.0.2.2 22'
  return { home, sandbox, relay: await relayInto(t, home, sandbox.origin) }
}

/** Git asks for what it needs, in a shell that outlives it and tells how the terminal is then. */
function openTerminal(t: ExecutionContext, { home, sandbox, relay }: Person): Terminal {
  const url = sandbox.repository('widgets')
  const script = `trap : INT
${relay}
git clone -q ${quote(url)} widgets
echo "[$?]"
stty -a`
  return Terminal.open(t, home, ['unshare', '--net', 'sh', '-c', script], { columns: 100, rows: 60 })
}

/** Where the person's own browser ends, which does not reach the machine that git is on. */
async function endOfBrowser({ home }: Person, terminal: Terminal): Promise<string> {
  await terminal.waitFor(QUESTION)
  const [, address = ''] = /bitbucket-oauth: (http:\S+authorize\S+)/.exec(terminal.text()) ?? []
  const page = join(home.path, 'tmp/page.json')
  const program = ['--import=./scripts/typescript/register.js', 'test/browsers/follow.ts', address, 'grant', page]
  await home.run(process.execPath, program, { cwd: ROOT })
  for (let look = 0; look < 1200 && !existsSync(page); look++) await sleep(50)
  const { title, text } = JSON.parse(readFileSync(page, 'utf8')) as { title: string; text: string }
  if (!title.startsWith('This site')) throw new Error(`the browser came to ${title}`)
  return text
}

test('over SSH, the address where the browser ended is pasted, and the clone goes on', async (t) => {
  const person = await makeRemotePerson(t)
  const terminal = openTerminal(t, person)
  const address = await endOfBrowser(person, terminal)

  terminal.type(`${address}\r`)
  await terminal.ended

  t.regex(terminal.text(), /logged in to [^\n]+\n/)
  t.regex(terminal.text(), /\[0\]\n/)
  t.regex(terminal.text(), / icanon .* echo /)
  t.true(terminal.hasCursor)
  const code = new URL(address).searchParams.get('code') ?? ''
  t.true(code.length > 20)
  t.false(terminal.printed.includes(code))
  t.deepEqual(person.sandbox.oauth.tokenRequests, [{ grantType: 'authorization_code', status: 200 }])
})

test('the address is shown as a code for a camera where the person asks for it', async (t) => {
  const person = await makeRemotePerson(t)
  const terminal = openTerminal(t, person)
  await terminal.waitFor(QUESTION)
  const before = terminal.text()

  terminal.type('qr\r')
  await terminal.waitFor(new RegExp(`(${QUESTION}[^]*){2}`))
  const code = terminal.text().slice(before.length)
  terminal.press('ctrl-c')
  await terminal.ended

  t.regex(code, /█▀▀▀▀▀█|█ ▄▄▄▄▄ █/)
  t.true(code.split('\n').filter((line) => line.includes('█')).length > 20)
  t.false(before.includes('▄'))
})

test('a terminal that takes links gets the address as one', async (t) => {
  const person = await makeRemotePerson(t)
  Object.assign(person.home.env, { TERM: 'xterm-256color', VTE_VERSION: '7600' })
  const terminal = openTerminal(t, person)
  await terminal.waitFor(QUESTION)
  terminal.press('ctrl-c')
  await terminal.ended

  const printed = terminal.printed.replaceAll('\u001B', '<ESC>')
  t.regex(printed, /<ESC>\]8;;(http:[^<]+authorize[^<]+)<ESC>\\\1<ESC>\]8;;<ESC>\\/)
})

test('a forged, an old and a truncated address are refused, each with a word, and the right one is taken after them', async (t) => {
  const person = await makeRemotePerson(t)
  const terminal = openTerminal(t, person)
  const address = await endOfBrowser(person, terminal)
  const forged = new URL(address)
  forged.searchParams.set('state', 'a'.repeat(43))
  const elsewhere = new URL(address)
  elsewhere.host = 'bitbucket.example'
  const wrong = [
    [forged.href, 'that address belongs to another login'],
    [elsewhere.href, 'that is not the address at which the browser ended'],
    [address.slice(0, -5), 'that address is not whole'],
    [address.slice(0, address.indexOf('?')), 'that address is not whole'],
  ] as const

  for (const [index, [text, words]] of wrong.entries()) {
    terminal.type(`${text}\r`)
    await terminal.waitFor(new RegExp(`(${QUESTION}[^]*){${index + 2}}`))
    t.true(terminal.text().includes(words), terminal.text())
  }
  t.deepEqual(person.sandbox.oauth.tokenRequests, [])
  terminal.type(`${address}\r`)
  await terminal.ended

  t.regex(terminal.text(), /\[0\]\n/)
})

test('Ctrl-C at the question ends git and the login, and leaves the terminal as it was', async (t) => {
  const person = await makeRemotePerson(t)
  const terminal = openTerminal(t, person)
  await terminal.waitFor(QUESTION)

  terminal.press('ctrl-c')
  await terminal.ended

  t.regex(terminal.text(), /\[130\]\n/)
  t.regex(terminal.text(), / icanon .* echo /)
  t.true(terminal.hasCursor)
  t.notRegex(terminal.text(), /bug|Username/)
  for (const directory of [person.home.data, person.home.runtime]) t.deepEqual(person.home.files(directory), [])
})

test('where the browser can come back all the same, as through a tunnel, the question is taken back', async (t) => {
  const { home, sandbox } = await makeUser(t)
  home.env['SSH_CONNECTION'] = '192.0.2.1 50000 192.0.2.2 22'
  home.useBrowser('follow.ts')

  const url = quote(sandbox.repository('widgets'))
  const terminal = Terminal.open(t, home, ['sh', '-c', `git clone -q ${url} widgets; echo "[$?]"; stty -a`])
  await terminal.ended

  t.regex(terminal.text(), /logged in to [^\n]+\n/)
  t.regex(terminal.text(), /\[0\]\n/)
  t.regex(terminal.text(), / icanon .* echo /)
  t.true(terminal.hasCursor)
})
