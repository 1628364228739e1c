import type { Surroundings } from '../../base/context.ts'
import { Failure, isFailure } from '../../base/failure.ts'
import { readText } from '../../bitbucket/readText.ts'
import type { OpenAnswer } from '../../http/http.ts'
import type { Arguments } from '../arguments.ts'
import { askForPages } from '../askForPages.ts'
import { writeOut } from '../download/output.ts'
import { refusalInWords, type Subject } from '../refused.ts'
import { readHostAccount } from '../repositories.ts'
import { openBearer } from '../session.ts'
import { type ApiRequest, readRequest } from './api/apiRequest.ts'

/**
 * `api`: sends a request to the REST interface, and prints the answer.
 *
 * @throws Failure where the server refuses; its answer is printed all the same
 */
export async function api(args: Arguments, around: Surroundings): Promise<void> {
  const bearer = openBearer(readHostAccount(args), around)
  const request = await readRequest(args, bearer.apiUrl())
  const subject: Subject = {
    account: bearer.account,
    what: request.url.pathname,
    workspace: /^\/2\.0\/repositories\/([^/]+)/.exec(request.url.pathname)?.[1],
  }
  if (args.has('paginate')) return print(await askForAll(request, bearer, subject), around)
  const answer = await bearer.ask(request.url, request)
  try {
    if (args.has('include')) around.write(describeHead(answer))
    const isGood = answer.status >= 200 && answer.status < 300
    if (isGood && !process.stdout.isTTY) return await writeOut(answer.body)
    const text = await readText(answer)
    around.write(process.stdout.isTTY ? indent(text) : text)
    if (!isGood) throw refusalInWords(answer, text, subject)
  } finally {
    answer.close()
  }
}

async function askForAll(
  request: ApiRequest,
  bearer: ReturnType<typeof openBearer>,
  subject: Subject,
): Promise<readonly unknown[]> {
  const { method, url, headers } = request
  if (method !== 'GET') throw new Failure(`--paginate goes with GET, and not with ${method}`, { code: 'usage' })
  return askForPages(url, { ...bearer, ask: (page) => bearer.ask(page, { headers }) }, subject)
}

function print(values: readonly unknown[], { write }: Surroundings): void {
  write(`${JSON.stringify(values, undefined, process.stdout.isTTY ? 2 : undefined)}\n`)
}

/** Without what would log somebody in. */
function describeHead({ status, headers }: OpenAnswer): string {
  const lines = Object.entries(headers).filter(([name]) => name !== 'set-cookie')
  return `HTTP ${status}\n${lines.map(([name, value]) => `${name}: ${value}\n`).join('')}\n`
}

function indent(text: string): string {
  try {
    return `${JSON.stringify(JSON.parse(text), undefined, 2)}\n`
  } catch (error) {
    if (isFailure(error)) throw error
    return text === '' || text.endsWith('\n') ? text : `${text}\n`
  }
}
