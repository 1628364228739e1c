import test from 'ava'
import { describeTerminal } from '../../src/cli/terminal.ts'

const TTY = { isTTY: true, columns: 60 }
const RED = '\u001B[31mx\u001B[39m'

for (const [title, stream, env, painted] of [
  ['on a terminal', TTY, {}, RED],
  ['in a pipe', {}, {}, 'x'],
  ['on a terminal with NO_COLOR', TTY, { NO_COLOR: '1' }, 'x'],
  ['on a terminal with an empty NO_COLOR', TTY, { NO_COLOR: '' }, RED],
  ['in a pipe with FORCE_COLOR', {}, { FORCE_COLOR: '1' }, RED],
  ['on a terminal with FORCE_COLOR=0', TTY, { FORCE_COLOR: '0' }, 'x'],
  ['with both NO_COLOR and FORCE_COLOR', TTY, { NO_COLOR: '1', FORCE_COLOR: '1' }, 'x'],
  ['on a dumb terminal', TTY, { TERM: 'dumb' }, 'x'],
] as const) {
  test(`colour ${title}`, (t) => {
    t.is(describeTerminal(stream, env).paint('red', 'x'), painted)
  })
}

test('a line is broken at blanks before the edge, and the rest is indented', (t) => {
  const { wrap } = describeTerminal(TTY, {})
  const text = 'the quick brown fox jumps over the lazy dog and runs away into the deep dark woods'

  const lines = wrap(text, 10).split('\n')

  t.true(lines.every((line, index) => (index === 0 ? 10 : 0) + line.length <= 60))
  t.true(lines.slice(1).every((line) => line.startsWith(' '.repeat(10)) && !line.startsWith(' '.repeat(11))))
  t.is(lines.map((line) => line.trim()).join(' '), text)
})

test('a word that is wider than the terminal stays whole, as it may be an address', (t) => {
  const address = `https://bitbucket.org/${'a'.repeat(80)}`

  t.is(describeTerminal(TTY, {}).wrap(`open ${address} now`), `open\n${address}\nnow`)
})

for (const [title, stream] of [
  ['no terminal', {}],
  ['no terminal, whatever columns it names', { columns: 10 }],
] as const) {
  test(`${title}: lines are whole`, (t) => {
    const text = 'word '.repeat(60).trim()

    t.is(describeTerminal(stream, {}).wrap(text), text)
  })
}

test('a text is one line, and moves nothing, painted or wrapped', (t) => {
  const { paint, wrap } = describeTerminal(TTY, {})
  const text = 'x\n\u001B[2Jforged\u202E'

  t.is(wrap(text), 'x\uFFFD\uFFFD[2Jforged\uFFFD')
  t.is(paint('red', text), '\u001B[31mx\uFFFD\uFFFD[2Jforged\uFFFD\u001B[39m')
})
