import { readFileSync } from 'node:fs'
import { buffer as readStream } from 'node:stream/consumers'
import type { Context } from '../../../base/context.ts'
import { isFailure, systemCode } from '../../../base/failure.ts'
import { namesVersion, type Product, RESOURCES } from '../../../bitbucket/product.ts'
import { type Arguments, usageFailure } from '../../arguments.ts'
import { findSentFile } from '../../sentFile.ts'
import { parseFields, toQuery } from './fields.ts'

type Streams = Pick<Context['streams'], 'stdin'>

/** A REST interface. Its URL ends in a slash. */
type Target = { readonly url: URL; readonly product: Product }

/** A request to the REST interface, as it was typed. */
export type ApiRequest = {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
}

/** A request for the API, where alone the access token goes; a Failure `usage` for one that cannot be sent. */
export async function readApiRequest(args: Arguments, api: Target, { stdin }: Streams): Promise<ApiRequest> {
  const [fields, input] = [args.list('field'), args.text('input')]
  if (fields.length > 0 && input !== undefined) throw usageFailure('-f and --input exclude each other')
  const method = args.text('method')?.toUpperCase() ?? (fields.length > 0 || input !== undefined ? 'POST' : 'GET')
  if (!/^[A-Z]+$/.test(method)) throw usageFailure('that is not an HTTP method', 'GET, POST, PUT, PATCH or DELETE')
  const url = parsePath(args.text('path') ?? '', api)
  const given = parseHeaders(args.list('header'))
  const headers = { accept: '*/*', ...given }
  const isRead = method === 'GET' || method === 'HEAD'
  if (isRead && input !== undefined)
    throw usageFailure(`nothing can be sent with ${method}`, 'leave out -X, or --input')
  if (isRead) {
    for (const [name, value] of toQuery(fields)) url.searchParams.append(name, value)
    return { method, url, headers }
  }
  if (input === undefined && fields.length === 0) return { method, url, headers }
  const body = input === undefined ? Buffer.from(JSON.stringify(parseFields(fields))) : await readInput(input, stdin)
  return { method, url, headers: { 'content-type': 'application/json', ...headers }, body }
}

/** `/2.0/repositories/acme`, the same without the slash or the version, or a full URL. */
function parsePath(text: string, { url: apiUrl, product }: Target): URL {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url?.href.startsWith(apiUrl.href) === true && url.username === '' && url.password === '') return url
    throw usageFailure(
      `that URL is not on ${apiUrl.href.replace(/\/$/, '')}, and the access token is sent only there`,
      'give a path, as repositories/acme; for the API of another host: --host URL',
    )
  }
  if (/^[a-z]:[\\/]/i.test(text)) {
    throw usageFailure(
      'that is a path of Windows, which Git Bash makes of one that begins with a slash',
      'leave the first slash out: repositories/acme',
    )
  }
  const path = text.replace(/^\/+/, '')
  const url = new URL(`${apiUrl.href}${namesVersion(path, product) ? '' : RESOURCES[product].version}${path}`)
  url.hash = ''
  if (!url.href.startsWith(apiUrl.href)) throw usageFailure(`that path leads out of ${apiUrl.href}`)
  return url
}

function parseHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const [, name, value = ''] = /^([\w!#$%&'*+.^`|~-]+):\s*([\t\u0020-\u007E\u0080-\u00FF]*)$/.exec(line) ?? []
    if (name === undefined) throw usageFailure('that is not a header', "it has to look like 'Accept: text/plain'")
    if (/^(proxy-)?authorization$/i.test(name)) {
      throw usageFailure('this command sends its own Authorization header', 'for another account: --username NAME')
    }
    headers[name.toLowerCase()] = value
  }
  return headers
}

async function readInput(file: string, stdin: Streams['stdin']): Promise<Buffer> {
  try {
    return file === '-' ? await readStream(stdin) : readFileSync(findSentFile(file, process.cwd()))
  } catch (error) {
    if (isFailure(error)) throw error
    throw usageFailure(
      `${file === '-' ? 'the standard input' : file} cannot be read (${systemCode(error) ?? String(error)})`,
    )
  }
}
