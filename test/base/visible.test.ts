import test from 'ava'
import { Failure } from '../../src/base/failure.ts'
import { formatJson, visible, visibleLines } from '../../src/base/visible.ts'

/** C0, DEL, C1, marks and turns of the reading direction, separators, a byte order mark, and one beyond 16 bits. */
const MOVING =
  '\u0000\u0007\u001B\u007F\u0080\u009B\u009F\u061C\u200E\u200F\u202A\u202E\u2066\u2069\u2028\u2029\uFEFF\u{E0041}'

test('what moves a terminal is shown, and all other text stays', (t) => {
  t.is(visible(`a${MOVING}\r\n\tü漢字👍🏽`), `a${'\uFFFD'.repeat(MOVING.length + 2)}ü漢字👍🏽`)
})

test('of a text with lines, those and its tabs stay, and a lone return does not', (t) => {
  t.is(visibleLines('a\tb\r\nc\rd\n\r\u001B[2J\n'), 'a\tb\r\nc\uFFFDd\n\uFFFD\uFFFD[2J\n')
})

for (const indent of [undefined, 2]) {
  test(`JSON is visible, and means the same: ${indent}`, (t) => {
    const value = { [MOVING]: [`${MOVING}\r\n\tü👍🏽`] }

    const json = formatJson(value, indent)

    t.notRegex(json, /[^\P{C}\n]|[\u2028\u2029]/u)
    t.deepEqual(JSON.parse(json), value)
    t.is(json.includes('\n'), indent !== undefined)
    t.true(json.includes('\\u202e') && json.includes('\\u009b') && json.includes('ü👍🏽'))
  })
}

test('a Failure is visible wherever it is printed', (t) => {
  const { message, hints } = new Failure('a\nb\u202E', { hints: ['c\r\u001B[2J'] })

  t.deepEqual([message, hints], ['a\uFFFDb\uFFFD', ['c\uFFFD\uFFFD[2J']])
})
