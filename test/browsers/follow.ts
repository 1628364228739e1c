/**
 * A browser without a screen, for tests that are not about pages: follows redirects, keeps cookies, fills in the forms
 * of the sandbox. Called as a browser is: `follow.ts URL`, then the decision and a file for the last page. It never
 * leaves this machine.
 */
import { renameSync, writeFileSync } from 'node:fs'

const [start = '', decision = 'grant', log = ''] = process.argv.slice(2)

const cookies = new Map<string, string>()
let url = new URL(start)
let body: URLSearchParams | undefined
for (let step = 0; step < 20 && ['localhost', '127.0.0.1'].includes(url.hostname); step++) {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  })
  body = undefined
  for (const cookie of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    cookies.set(name, value)
  }
  const location = response.headers.get('location')
  if (location !== null) {
    url = new URL(location, url)
    continue
  }
  const html = await response.text()
  const form = /<form method="post" action="([^"]+)"/.exec(html)
  if (form?.[1] === undefined) {
    const title = /<title>([^<]*)/.exec(html)?.[1] ?? ''
    const text = html.replace(/<style>[^]*<\/style>/, '').replace(/<[^>]+>/g, ' ')
    writeFileSync(`${log}.new`, JSON.stringify({ title, text }))
    renameSync(`${log}.new`, log)
    break
  }
  url = new URL(form[1], url)
  body = new URLSearchParams(
    html.includes('name="decision"') ? { decision } : { username: 'alice', password: 'sandbox' },
  )
}
