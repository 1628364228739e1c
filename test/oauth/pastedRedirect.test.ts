import test from 'ava'
import { readPastedRedirect } from '../../src/oauth/pastedRedirect.ts'

const REDIRECT_URI = 'http://localhost:8976'
const STATE = 'iQWsb4VmDJp_Fq0Mw8O2'

function read(text: string, redirectUri = REDIRECT_URI): URLSearchParams | string {
  return readPastedRedirect(text, redirectUri, ['another state', STATE])
}

for (const [title, text] of [
  ['as a browser copies it', `http://localhost:8976/?code=abc&state=${STATE}`],
  ['in another order', `http://localhost:8976/?state=${STATE}&code=abc`],
  ['without its scheme, as some browsers show it', `localhost:8976/?code=abc&state=${STATE}`],
  ['in quotes, with blanks', ` "http://localhost:8976/?code=abc&state=${STATE}" `],
  ['in angle brackets', `<http://localhost:8976/?code=abc&state=${STATE}>`],
  ['broken by a narrow window', `http://localhost:8976/?code=abc\n&state=${STATE}`],
] as const) {
  test(`the address where a browser ended is read ${title}`, (t) => {
    const parameters = read(text)

    t.is(typeof parameters === 'string' ? parameters : parameters.get('code'), 'abc')
  })
}

test('an error is an answer of the server too', (t) => {
  const parameters = read(`http://localhost:8976/?error=access_denied&state=${STATE}`)

  t.is(typeof parameters === 'string' ? parameters : parameters.get('error'), 'access_denied')
})

for (const [title, text, words] of [
  ['of another login', 'http://localhost:8976/?code=abc&state=forged', /another login/],
  ['with a longer state', `http://localhost:8976/?code=abc&state=${STATE}x`, /another login/],
  ['without the end of its state', `http://localhost:8976/?code=abc&state=${STATE.slice(0, 7)}`, /not whole/],
  ['without a state', 'http://localhost:8976/?code=abc', /not whole/],
  ['without a code', `http://localhost:8976/?state=${STATE}`, /not whole/],
  ['without anything', 'http://localhost:8976/', /not whole/],
  ['of another host', `http://bitbucket.org:8976/?code=abc&state=${STATE}`, /begins with http:\/\/localhost:8976/],
  ['of another port', `http://localhost:8977/?code=abc&state=${STATE}`, /begins with/],
  ['by https', `https://localhost:8976/?code=abc&state=${STATE}`, /begins with/],
  ['of another path', `http://localhost:8976/x?code=abc&state=${STATE}`, /begins with/],
  ['that leads to the login', 'https://bitbucket.org/site/oauth2/authorize?client_id=a&state=b', /begins with/],
  ['that is a code alone', 'abc', /begins with/],
  ['that is none', ':::', /begins with/],
] as const) {
  test(`an address ${title} is refused`, (t) => {
    t.regex(read(text) as string, words)
  })
}

test('a callback URL with a path of its own is compared with that', (t) => {
  t.true(
    read(`http://127.0.0.1:1/callback?code=abc&state=${STATE}`, 'http://127.0.0.1:1/callback') instanceof
      URLSearchParams,
  )
  t.is(typeof read(`http://127.0.0.1:1/?code=abc&state=${STATE}`, 'http://127.0.0.1:1/callback'), 'string')
})
