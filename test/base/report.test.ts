import test from 'ava'
import { Failure } from '../../src/base/failure.ts'
import { message, report } from '../../src/base/report.ts'

test('a failure is a sentence and its hints, without a stack', (t) => {
  t.is(
    report(new Failure('it went wrong', { hints: ['do this', 'or that'], cause: new Error('inner') })),
    'git-credential-bitbucket-oauth: it went wrong\nhint: do this\nhint: or that\n',
  )
})

test('anything else is a bug, and keeps its stack', (t) => {
  t.regex(report(new TypeError('oops')), /this is a bug, please report it\nTypeError: oops\n {4}at /)
  t.regex(report('thrown text'), /bug.*\nthrown text\n/)
})

test('what a server sent cannot forge a line, colour the screen or turn the text', (t) => {
  const shown = message('a\nforged\r\u001B[31mred\u202Eturned\u2028line\u009Bx')

  t.is(shown, 'git-credential-bitbucket-oauth: a\uFFFDforged\uFFFD\uFFFD[31mred\uFFFDturned\uFFFDline\uFFFDx\n')
})
