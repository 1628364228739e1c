import test from 'ava'
import { describeLoadError, findCure, findTrouble } from '../../../src/tokens/keyring/trouble.ts'

const STORAGE = "Couldn't access platform storage: "
const FAILURE = 'Platform failure: '

for (const [message, trouble, cure] of [
  [`${STORAGE}Windows ERROR_NO_SUCH_LOGON_SESSION`, 'absent', /over SSH.+policy.+at the desktop$/],
  [`${FAILURE}Windows error code 50`, 'absent', /at the desktop$/],
  [`${FAILURE}Windows error code 5023`, 'refused', undefined],
  [`${FAILURE}Windows ERROR_INVALID_PARAMETER`, 'refused', undefined],
  [`${STORAGE}No keychain is available. You may need to restart your computer.`, 'absent', undefined],
  [`${STORAGE}The specified keychain could not be found.`, 'absent', undefined],
  [`${FAILURE}A default keychain could not be found.`, 'homeless', /: security default-keychain -s \S+$/],
  [`${FAILURE}User interaction is not allowed.`, 'refused', /: security unlock-keychain$/],
  [`${FAILURE}User canceled the operation.`, 'refused', undefined],
  [`${STORAGE}Secret Service: unlock prompt was dismissed`, 'refused', undefined],
  [`${FAILURE}Secret Service: no result found`, 'homeless', undefined],
] as const) {
  test(`a keyring that says “${message}” is ${trouble}`, (t) => {
    t.is(findTrouble(message), trouble)

    const found = findCure(`the system's keyring cannot be used (${message})`)
    if (cure === undefined) t.is(found, undefined)
    else t.regex(found ?? '', cure)
  })
}

/** As the library makes it: the newest try first, each with the one before as its cause. */
function loadError(...messages: readonly string[]): Error {
  const [first = '', ...rest] = messages
  return rest.length === 0 ? new Error(first) : new Error(first, { cause: loadError(...rest) })
}

const BINDING = 'Cannot find native binding. npm has a bug related to optional dependencies'
const MISSING = "Cannot find module './keyring.win32-x64-msvc.node'\nRequire stack:\n- index.js"

test('a library whose native part npm left out is to be installed', (t) => {
  const message = describeLoadError(loadError(BINDING, "Cannot find module '@napi-rs/keyring-win32-x64-msvc'", MISSING))

  t.is(message, BINDING)
  t.is(findTrouble(message), 'absent')
  t.regex(findCure(message) ?? '', /npm install --global, without --omit=optional$/)
})

test('a library that is not there at all is to be installed', (t) => {
  const message = describeLoadError(
    loadError("Cannot find module '@napi-rs/keyring'\nRequire stack:\n- /x/dist/keyringProcess.cjs"),
  )

  t.regex(message, /^Cannot find module '@napi-rs\/keyring'$/)
  t.regex(findCure(message) ?? '', /npm install --global/)
})

test('a native part that Windows does not load is told from one that is missing, with what it needs', (t) => {
  const path = String.raw`\\?\C:\npm\node_modules\keyring.win32-x64-msvc.node`
  const message = describeLoadError(loadError(BINDING, `The specified module could not be found.\n${path}`, MISSING))

  t.is(message, 'its library cannot be loaded: The specified module could not be found.')
  t.is(findTrouble(message), 'absent')
  t.regex(findCure(`the system's keyring does not answer (${message})`) ?? '', /Visual C\+\+ Redistributable/)
})
