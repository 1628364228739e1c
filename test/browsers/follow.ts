/**
 * A browser without a screen, for tests that are not about pages: follows redirects, keeps cookies, fills in the forms
 * of the sandbox. Called as a browser is: `follow.ts URL`, then the decision and a file for the last page. It never
 * leaves this machine, which bitbucket.org is where the environment says so.
 */
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'

const [start = '', decision = 'grant', log = ''] = process.argv.slice(2)

const HERE = new Set(['localhost', '127.0.0.1'])
if (process.env['IN_BITBUCKET_NETWORK'] !== undefined) HERE.add('bitbucket.org')

const cookies = new Map<string, string>()
let url = new URL(start)
let body: URLSearchParams | undefined
for (let step = 0; step < 20 && HERE.has(url.hostname); step++) {
  const answer = await ask(url, body).catch((error: unknown) => error)
  if (answer instanceof Error) {
    // The person still sees the address.
    write({ title: 'This site can’t be reached', text: url.href })
    break
  }
  const { headers, text } = answer as Answer
  body = undefined
  for (const cookie of headers['set-cookie'] ?? []) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    cookies.set(name, value)
  }
  if (headers.location !== undefined) {
    url = new URL(headers.location, url)
    continue
  }
  const form = /<form method="post" action="([^"]+)"/.exec(text)
  if (form?.[1] === undefined) {
    const title = /<title>([^<]*)/.exec(text)?.[1] ?? ''
    write({ title, text: text.replace(/<style>[^]*<\/style>/, '').replace(/<[^>]+>/g, ' ') })
    break
  }
  url = new URL(form[1], url)
  body = new URLSearchParams(
    text.includes('name="decision"') ? { decision } : { username: 'alice', password: 'sandbox' },
  )
}

function write(page: { title: string; text: string }): void {
  writeFileSync(`${log}.new`, JSON.stringify(page))
  renameSync(`${log}.new`, log)
}

type Answer = { headers: IncomingMessage['headers']; text: string }

/** Not by fetch, which gives a busy server ten seconds to take a connection. */
async function ask(address: URL, form: URLSearchParams | undefined): Promise<Answer> {
  const send = address.protocol === 'https:' ? tlsRequest : plainRequest
  const asking = send(address, {
    method: form === undefined ? 'GET' : 'POST',
    headers: {
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
  })
  asking.end(form?.toString())
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
  return { headers: response.headers, text }
}
