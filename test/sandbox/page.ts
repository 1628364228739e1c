import type { ServerResponse } from 'node:http'
import { answerError, answerJson } from './bearer.ts'

const DEFAULT_LENGTH = 10
const LONGEST = 100

/** A list that changes while it is read. */
export type Shifts = {
  /** On so many pages after the first, it is as if the list's first value had been removed meanwhile. */
  shifts: number
  /** In such a list a page is no longer than that. */
  longestPage: number
}

/** Answers with the page that the URL asks for by `page` and `pagelen`, and a full URL of the next one if there is any. */
export function answerPage(
  response: ServerResponse,
  url: URL,
  list: readonly object[],
  unsteady: Shifts = { shifts: 0, longestPage: LONGEST },
): void {
  const page = readNumber(url, 'page', 1)
  const pagelen = Math.min(readNumber(url, 'pagelen', DEFAULT_LENGTH), unsteady.longestPage)
  const isShifted = page > 1 && unsteady.shifts > 0
  const all = isShifted ? list.slice(1) : list
  const begin = (page - 1) * pagelen
  if (isShifted) unsteady.shifts -= 1
  if (!(page >= 1 && pagelen >= 1) || (page > 1 && begin >= all.length))
    return answerError(response, 404, 'Invalid page')
  const next = new URL(url)
  next.searchParams.set('page', String(page + 1))
  const end = begin + pagelen
  answerJson(response, 200, {
    pagelen,
    page,
    size: all.length,
    values: all.slice(begin, end),
    next: end < all.length ? next.href : undefined,
  })
}

function readNumber(url: URL, name: string, otherwise: number): number {
  const value = url.searchParams.get(name)
  return value === null ? otherwise : Number.parseInt(value, 10)
}
