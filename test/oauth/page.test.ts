import test from 'ava'
import { failurePage, renderPage, strayPage, successPage } from '../../src/oauth/page.ts'

const HOSTILE = '<script>alert(1)</script>"\'&'

test('what a server said is shown as text, never as markup', (t) => {
  const { html } = renderPage(failurePage(HOSTILE, HOSTILE, [HOSTILE]))

  t.false(html.includes('<script'))
  t.false(html.includes('alert(1)</'))
  t.is(html.split('&#60;script&#62;').length - 1, 4)
})

for (const page of [successPage('bitbucket.org'), failurePage('bitbucket.org', 'it failed', []), strayPage()]) {
  test(`"${page.title}" loads nothing, runs nothing, and is kept nowhere`, (t) => {
    const { html, headers } = renderPage(page)

    t.notRegex(html, /\s(src|href|action|on\w+)=|@import|url\(/)
    t.regex(headers['content-security-policy'] ?? '', /^default-src 'none'; style-src 'sha256-[\w+/=]{44}'; /)
    t.is(headers['cache-control'], 'no-store')
    t.is(headers['referrer-policy'], 'no-referrer')
  })

  test(`"${page.title}" can be read by day, by night and on a phone`, (t) => {
    const { html } = renderPage(page)

    t.regex(html, /<html lang="en">/)
    t.regex(html, /<meta name="viewport" content="width=device-width/)
    t.regex(html, /prefers-color-scheme: dark/)
  })
}

test('a failure always says what to do next', (t) => {
  t.deepEqual(failurePage('bitbucket.org', 'it failed', []).hints, ['To try again, run the command once more.'])
  t.is(failurePage('bitbucket.org', 'it failed', ['do this']).text, 'It failed.')
})
