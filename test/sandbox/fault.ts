import type { ServerResponse } from 'node:http'

/** What the next requests are answered in the place of the answer that was due. */
export type Fault = {
  readonly status: number
  readonly body: string
  /** Without a content-type the body is JSON. */
  readonly headers?: Readonly<Record<string, string>>
  /** How many requests; all, where it is not told. */
  times?: number
}

/** Answers with the fault where there is one, and tells whether it did. */
export function answerFault(settings: { fault: Fault | undefined }, response: ServerResponse): boolean {
  const { fault } = settings
  if (fault === undefined) return false
  if (fault.times !== undefined) fault.times -= 1
  if (fault.times !== undefined && fault.times <= 0) settings.fault = undefined
  response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(fault.body)
  return true
}
