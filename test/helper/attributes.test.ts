import test from 'ava'
import fc from 'fast-check'
import { isFailure } from '../../src/base/failure.ts'
import { formatAttributes, parseAttributes } from '../../src/helper/attributes.ts'

function parse(text: string): Record<string, string> {
  return Object.fromEntries(parseAttributes(Buffer.from(text).toString('latin1')).values)
}

test('reads what git sends', (t) => {
  t.deepEqual(parse('protocol=https\nhost=bitbucket.org\nusername=alice\n\n'), {
    protocol: 'https',
    host: 'bitbucket.org',
    username: 'alice',
  })
})

for (const [title, text, expected] of [
  ['a value is cut at the first equals sign only', 'password=a=b==\n', { password: 'a=b==' }],
  ['a value may be empty', 'path=\n', { path: '' }],
  ['the later of two equal names counts', 'host=a\nhost=b\n', { host: 'b' }],
  ['a last line without a line feed counts', 'host=a', { host: 'a' }],
  ['reading stops at an empty line', 'host=a\n\nhost=b\n', { host: 'a' }],
  ['nothing is nothing', '', {}],
  ['an empty line alone is nothing', '\n', {}],
  ['a carriage return does not end a line', 'password=a\rhost=evil\n', { password: 'a\rhost=evil' }],
  ['U+2028 does not end a line', 'password=a\u2028host=evil\n', { password: 'a\u2028host=evil' }],
  ['lists are kept apart', 'capability[]=state\nhost=a\n', { host: 'a' }],
  ['blanks belong to the value', 'password= a \n', { password: ' a ' }],
] as const) {
  test(title, (t) => t.deepEqual(parse(text), expected))
}

for (const [title, text, expected] of [
  ['a list is read in its order', 'capability[]=authtype\nhost=a\ncapability[]=state\n', ['authtype', 'state']],
  ['a value that comes twice stands twice', 'capability[]=a\ncapability[]=a\n', ['a', 'a']],
  ['an empty value empties a list', 'capability[]=a\ncapability[]=\ncapability[]=b\n', ['b']],
  ['a server’s wwwauth is passed over', 'wwwauth[]=Basic realm="a=b"\n', undefined],
] as const) {
  test(title, (t) => {
    t.deepEqual(parseAttributes(Buffer.from(text).toString('latin1')).lists.get('capability[]'), expected)
  })
}

for (const [title, text, complaint] of [
  ['garbage is refused', 'garbage\n', /without "="/],
  ['a line over the limit is refused', `password=${'x'.repeat(65_536)}\n`, /more than 65535 bytes/],
  ['a NUL byte is refused', 'password=a\0b\n', /NUL/],
  ['a carriage return in the host is refused', 'host=bitbucket.org\r\n', /control character in "host"/],
  ['an escape in the username is refused', 'username=\u001B[2J\n', /control character in "username"/],
  ['a C1 control character in the path is refused', 'path=a\u009Bb\n', /control character in "path"/],
  ['a control character in the protocol is refused', 'protocol=ht\ttps\n', /control character in "protocol"/],
] as const) {
  test(title, (t) => {
    const error = t.throws(() => parse(text))

    t.true(isFailure(error))
    t.regex(error.message, complaint)
    t.false(error.message.includes('x'.repeat(10)), 'no value is repeated')
  })
}

test('bytes that are no UTF-8 in the host are refused', (t) => {
  t.throws(() => parseAttributes('host=\u00FF\n'), { message: /"host"/ })
})

test('a line of exactly the limit is read', (t) => {
  const value = 'x'.repeat(65_535 - 'password='.length)

  t.deepEqual(parse(`password=${value}\n`), { password: value })
})

test('what is written can be read back', (t) => {
  const name = fc.stringMatching(/^[a-z_]{1,20}$/)
  const value = fc.string({ unit: 'binary' }).filter((text) => !/[\n\0]/.test(text))

  t.notThrows(() =>
    fc.assert(
      fc.property(fc.dictionary(name, value), (attributes) => {
        for (const key of ['protocol', 'host', 'path', 'username']) delete attributes[key]
        t.deepEqual(parse(formatAttributes(Object.entries(attributes))), { ...attributes })
      }),
    ),
  )
})

test('whatever the bytes, the parser reads them or says what is wrong', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const { values, lists } = parseAttributes(Buffer.from(bytes).toString('latin1'))
          const all = [...lists].flatMap(([name, list]) => list.map((value) => [name, value] as const))
          for (const [name, value] of [...values, ...all]) {
            if (/[=\n\0]/.test(name) || /[\n\0]/.test(value)) throw new Error('a value that spans lines')
          }
        } catch (error) {
          if (!isFailure(error)) throw error
        }
      }),
    ),
  )
})

for (const value of ['a\nb', 'a\0b']) {
  test(`a value with ${JSON.stringify(value[1])} is never written, nor shown`, (t) => {
    const error = t.throws(() => formatAttributes([['password', value]]))

    t.true(isFailure(error))
    t.is(error.message, 'the value of "password" cannot be passed to git')
  })
}
