import type { Context } from '../../base/context.ts'
import { markNumbers, restoreNumbers } from '../../base/exactNumbers.ts'
import { formatJson, visibleLines } from '../../base/visible.ts'
import { answerFailure } from '../../bitbucket/ask.ts'
import { isWhole, readPages, UNSTEADY } from '../../bitbucket/pages.ts'
import { readText } from '../../bitbucket/readText.ts'
import type { Subject } from '../../bitbucket/refusal.ts'
import type { OpenAnswer } from '../../http/http.ts'
import { readHostAccount } from '../account.ts'
import { type Arguments, usageFailure } from '../arguments.ts'
import { writeToStdout } from '../download/output.ts'
import { openSession, type Session } from '../session.ts'
import { type ApiRequest, readApiRequest } from './api/apiRequest.ts'

/** `api`: sends a request to the REST interface, and prints the answer, also one that refuses and becomes a Failure. */
export async function api(args: Arguments, context: Context): Promise<void> {
  const { stdout } = context.streams
  const session = openSession(readHostAccount(args, context.env), context)
  const request = await readApiRequest(args, { url: session.apiUrl(), product: session.product() }, context.streams)
  const subject: Subject = {
    what: request.url.pathname,
    workspace: /^\/2\.0\/repositories\/([^/]+)/.exec(request.url.pathname)?.[1],
    isHandwritten: true,
    commands: session.commands,
  }
  if (args.has('paginate') && args.has('include'))
    throw usageFailure('--include goes with one page, and not with --paginate')
  if (args.has('paginate')) return print(await readAll(request, session, subject, context), context)
  const answer = await session.ask(request.url, request)
  try {
    if (args.has('include')) context.write(describeHead(answer))
    const isGood = answer.status >= 200 && answer.status < 300
    if (isGood && !stdout.isTTY) return await writeToStdout(answer.body, stdout)
    const text = await readText(answer)
    context.write(stdout.isTTY ? indent(text) : text)
    if (!isGood) throw answerFailure(answer, text, subject)
  } finally {
    answer.close()
  }
}

async function readAll(
  request: ApiRequest,
  session: Session,
  subject: Subject,
  { tell }: Context,
): Promise<readonly unknown[]> {
  const { method, url, headers } = request
  if (method !== 'GET') throw usageFailure(`--paginate goes with GET, and not with ${method}`)
  const list = await readPages(url, (page) => session.ask(page, { headers }), subject)
  // Who begins at another page than the first does not want all.
  if (!url.searchParams.has('page') && !isWhole(list)) tell(UNSTEADY)
  return list.values
}

function print(values: readonly unknown[], { write, streams }: Context): void {
  write(`${restoreNumbers(formatJson(values, streams.stdout.isTTY ? 2 : undefined))}\n`)
}

/** Without cookies: one may log in. */
function describeHead({ status, headers }: OpenAnswer): string {
  const lines = Object.entries(headers).filter(([name]) => name !== 'set-cookie')
  return `HTTP ${status}\n${lines.map(([name, value]) => `${name}: ${value}\n`).join('')}\n`
}

function indent(text: string): string {
  try {
    return `${restoreNumbers(formatJson(JSON.parse(markNumbers(text)), 2))}\n`
  } catch {
    return visibleLines(text === '' || text.endsWith('\n') ? text : `${text}\n`)
  }
}
