import test from 'ava'
import { restoreNumbers } from '../../src/base/exactNumbers.ts'
import { isWhole, readPages } from '../../src/bitbucket/pages.ts'
import type { OpenAnswer } from '../../src/http/http.ts'

const FIRST = new URL('https://api.bitbucket.org/2.0/repositories/acme/widgets/pipelines/?pagelen=10')

const SUBJECT = { what: FIRST.pathname, workspace: 'acme', isHandwritten: true, commands: [] } as never

/** Answers a page for each request, and notes which was asked for. */
function serve(pages: Readonly<Record<string, string>>): { asked: string[]; ask: (url: URL) => Promise<OpenAnswer> } {
  const asked: string[] = []
  const ask = async (url: URL): Promise<OpenAnswer> => {
    asked.push(url.search)
    const text = pages[url.searchParams.get('page') ?? '1'] ?? '{}'
    const body = (async function* () {
      yield Buffer.from(text)
    })()
    return { url, status: 200, headers: {}, body, close: () => {} }
  }
  return { asked, ask }
}

function page(number: number, count: number, rest: object = {}): string {
  const values = Array.from({ length: count }, (_, index) => number * 100 + index)
  return JSON.stringify({ page: number, pagelen: 10, size: 21, values, ...rest })
}

test('a list that names no next page is read to its end, as its size tells', async (t) => {
  const { asked, ask } = serve({ 1: page(1, 10), 2: page(2, 10), 3: page(3, 1) })

  const { values } = await readPages(FIRST, ask, SUBJECT)

  t.is(new Set(values).size, 21)
  t.deepEqual(asked, ['?pagelen=10', '?pagelen=10&page=2', '?pagelen=10&page=3'])
})

for (const [title, first] of [
  ['an empty next', page(1, 10, { next: '', size: 10 })],
  ['no size', page(1, 10, { size: undefined })],
  ['no page', page(1, 10, { page: undefined })],
  ['a size that is wrong, and a page without values', page(1, 0)],
] as const) {
  test(`the last page may have ${title}`, async (t) => {
    const { asked, ask } = serve({ 1: first })

    const { values } = await readPages(FIRST, ask, SUBJECT)

    t.is(values.length, (JSON.parse(first) as { values: unknown[] }).values.length)
    t.is(asked.length, 1)
  })
}

test('numbers stay as they are written, and what looks like one of ours stays a string', async (t) => {
  const text = JSON.stringify({ values: ['LARGE', '\u0000123', 'number 123', '9007199254740993', 7] }).replace(
    '"LARGE"',
    '9007199254740993,-12345678901234567890,1.0,0.10000000000000000555,1e400,-0,1E2',
  )
  const { ask } = serve({ 1: text })

  const { values } = await readPages(FIRST, ask, SUBJECT)

  t.is(`{"values":${restoreNumbers(JSON.stringify(values))}}`, text)
})

for (const [title, pages, expected] of [
  ['is whole', [page(1, 10), page(2, 10), page(3, 1)], true],
  ['has a value twice', [page(1, 10), page(2, 10), page(3, 2)], false],
  ['lost a value', [page(1, 10), page(2, 10, { next: `${FIRST.href}&page=3` }), page(3, 0)], false],
  ['shrank to as many as were read', [page(1, 10), page(2, 10), page(3, 1, { size: 20 })], false],
  ['does not say how many it has', [page(1, 3, { size: undefined })], true],
] as const) {
  test(`a list that ${title}: ${expected ? 'whole' : 'not whole'}`, async (t) => {
    const { ask } = serve(Object.fromEntries(pages.map((text, index) => [index + 1, text])))

    t.is(isWhole(await readPages(FIRST, ask, SUBJECT)), expected)
  })
}

test('a list that is nothing but empty pages has an end', async (t) => {
  const asked: string[] = []
  const { ask } = serve({})
  const answer = async (url: URL): Promise<OpenAnswer> => {
    asked.push(url.search)
    const next = new URL(`?page=${asked.length + 1}`, url)
    const body = (async function* () {
      yield Buffer.from(JSON.stringify({ values: [], next }))
    })()
    return { ...(await ask(url)), body }
  }

  await t.throwsAsync(readPages(FIRST, answer, SUBJECT), { message: /sends one empty page after the other/ })

  t.true(asked.length > 1 && asked.length < 1000, `${asked.length}`)
})

test('numbers of pages may be written as they like', async (t) => {
  const text = page(1, 10).replace('"size":21', '"size":2.1e1').replace('"pagelen":10', '"pagelen":10.0')
  const { ask } = serve({ 1: text, 2: page(2, 10), 3: page(3, 1) })

  const list = await readPages(FIRST, ask, SUBJECT)

  t.true(isWhole(list))
  t.is(list.values.length, 21)
})
