import { markNumbers } from '../base/exactNumbers.ts'
import { Failure } from '../base/failure.ts'
import { type JsonObject, parseObject } from '../base/json.ts'
import type { OpenAnswer } from '../http/http.ts'
import { readAnswerFailure } from './ask.ts'
import { readText } from './readText.ts'
import type { Subject } from './refusal.ts'

/** A filter may leave nothing of a page, but a list ends some day. In a row. */
const MOST_EMPTY_PAGES = 100

/** What a list of the API holds. */
export type List = {
  readonly values: readonly unknown[]
  /** How many there are, by each page that says so. */
  readonly sizes: readonly number[]
}

/**
 * Reads all pages of a list of the API, each with `ask`. A list that changes meanwhile may have a value twice, or not at all:
 * {@link isWhole} tells.
 *
 * @throws Failure where a page cannot be obtained, and for an answer that is not a list
 * @see https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
 * @see https://developer.atlassian.com/server/bitbucket/how-tos/command-line-rest/ (paged APIs)
 */
export async function readPages(first: URL, ask: (url: URL) => Promise<OpenAnswer>, subject: Subject): Promise<List> {
  const values: unknown[] = []
  const sizes: number[] = []
  const seen = new Set<string>()
  let emptyPages = 0
  for (let url: URL | undefined = first; url !== undefined;) {
    if (seen.has(url.href)) throw circularPagesFailure(url)
    seen.add(url.href)
    const answer = await ask(url)
    if (answer.status !== 200) throw await readAnswerFailure(answer, subject)
    const text = await readText(answer)
    const page = parseObject(text) ?? {}
    const found = parseObject(markNumbers(text))?.['values']
    if (!Array.isArray(found)) throw noListFailure(first)
    for (const value of found) values.push(value)
    emptyPages = found.length === 0 ? emptyPages + 1 : 0
    if (emptyPages > MOST_EMPTY_PAGES) throw endlessPagesFailure(url)
    // Data Center counts the page alone.
    if (typeof page['size'] === 'number' && !isDataCenters(page)) sizes.push(page['size'])
    url = nextPage(page, url)
  }
  return { values, sizes }
}

/**
 * Whether a list was the same on each page.
 *
 * @param count how many different values were found in it
 */
export function isWhole({ values, sizes }: List, count = values.length): boolean {
  return sizes.every((size) => size === count)
}

/** For a list that is not whole, a sentence. */
export const UNSTEADY = 'the list changed while it was read, so something may be missing, or there twice'

/**
 * Undefined for the last page. Some lists name no next page, but tell by `page`, `pagelen` and `size` that there is one. The
 * access token goes to no other origin than the API's.
 */
function nextPage(answer: JsonObject, url: URL): URL | undefined {
  const { next, page, pagelen, size, values, isLastPage, nextPageStart } = answer
  if (isDataCenters(answer)) return isLastPage ? undefined : withParameter(url, 'start', String(nextPageStart))
  if (typeof next !== 'string' || next === '') {
    const isLast = !(Number(page) * Number(pagelen) < Number(size)) || !Array.isArray(values) || values.length === 0
    return isLast ? undefined : withParameter(url, 'page', String(Number(page) + 1))
  }
  const { origin } = url
  if (URL.canParse(next) && new URL(next).origin === origin) return new URL(next)
  throw new Failure(`the next page is not on ${origin}, and the access token is sent only there`, {
    hints: ['something stands between this machine and the server, or the server is broken'],
  })
}

function isDataCenters({ isLastPage }: JsonObject): boolean {
  return typeof isLastPage === 'boolean'
}

function withParameter(url: URL, name: string, value: string): URL {
  const next = new URL(url)
  next.searchParams.set(name, value)
  return next
}

function noListFailure({ pathname }: URL): Failure {
  return new Failure(`the answer for ${pathname} is not a list, so it has no pages`, {
    hints: ['if --paginate was given, leave it out'],
  })
}

function circularPagesFailure({ host }: URL): Failure {
  return new Failure(`${host} leads round in a circle: its next page is one that was read already`, {
    hints: ['try again in a while'],
  })
}

function endlessPagesFailure({ host }: URL): Failure {
  return new Failure(`${host} sends one empty page after the other`, { hints: ['try again in a while'] })
}
