import { Failure } from '../base/failure.ts'
import { parseObject } from '../base/json.ts'
import { nextPage } from '../bitbucket/pages.ts'
import { readText } from '../bitbucket/readText.ts'
import { explainRefusal, type Subject } from './refused.ts'
import type { Session } from './session.ts'

/**
 * All values of a list of the API, from all its pages.
 *
 * @throws Failure where a page is not to be had, and for what is no list
 */
export async function askForPages(first: URL, session: Session, subject: Subject): Promise<readonly unknown[]> {
  const all: unknown[] = []
  const seen = new Set<string>()
  for (let url: URL | undefined = first; url !== undefined;) {
    if (seen.has(url.href)) throw circularPagesFailure(url)
    seen.add(url.href)
    const answer = await session.ask(url)
    if (answer.status !== 200) throw await explainRefusal(answer, subject)
    const page = parseObject(await readText(answer)) ?? {}
    if (!Array.isArray(page['values'])) throw noListFailure(first)
    for (const value of page['values']) all.push(value)
    url = nextPage(page, session.apiUrl().origin)
  }
  return all
}

/** What to say of an answer that has no pages. */
export function noListFailure({ pathname }: URL): Failure {
  return new Failure(`the answer for ${pathname} is no list, so it has no pages`, {
    hints: ['if --paginate was given, leave it out'],
  })
}

function circularPagesFailure({ host }: URL): Failure {
  return new Failure(`${host} sends us round in a circle: its next page is one that was read already`, {
    hints: ['try again in a while'],
  })
}
