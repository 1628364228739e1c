import test from 'ava'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeDirectory } from '../helpers/directory.ts'
import { readMessages } from '../helpers/messages.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The section on the words of others: it names messages that are not in the source. */
const OTHERS = 'What git says'

/**
 * An entry begins with its messages, each on a line of its own in bold, with `…` for what varies. When this fails, it
 * lists the lines to put in and those to take out.
 */
test('each message of a Failure has exactly one entry, and each entry is for a message of the program', (t) => {
  const { failures, literals } = readMessages(join(ROOT, 'src/'))
  const sections = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8').split('\n## ')
  const own = sections.filter((section) => !section.startsWith(`${OTHERS}\n`)).flatMap(listNamed)
  const all = sections.flatMap(listNamed)

  const missing = failures.filter((text) => !own.includes(text)).toSorted()
  const stale = own.filter((text) => !failures.includes(text) && !literals.includes(text))
  const twice = all.filter((text, index) => all.indexOf(text) < index)

  t.is(
    Object.entries({ missing, stale, twice })
      .map(([title, texts]) => describe(title, texts))
      .join(''),
    '',
  )
  t.is(sections.filter((section) => section.startsWith(`${OTHERS}\n`)).length, 1)
  t.true(own.length > 100)
})

function describe(title: string, texts: readonly string[]): string {
  return texts.length === 0 ? '' : `${title}:\n${texts.map((text) => `**${text}**\\\n`).join('')}`
}

function listNamed(section: string): string[] {
  return [...section.matchAll(/^\*\*(.+)\*\*\\?$/gm)].map(([, text = '']) => text.replaceAll(/\\(?=[*\\_<>[\]`])/g, ''))
}

test('the messages of a Failure are found through choices, variables and the callers of its function', (t) => {
  const directory = makeDirectory(t)
  writeFileSync(
    join(directory, 'maker.ts'),
    `import { Failure } from './failure.ts'
     export const usageFailure = 0
     export function missingFailure(what: string, hint: string): Failure { return new Failure(\`\${what} is missing: \${hint}\`) }
     export function fail(path: string, isLocked: boolean): never {
       const verb = isLocked ? 'is locked' : 'is gone'
       throw new Failure(\`\${path} \${verb}\`, { hints: ['a hint'] })
     }
     export function rename(error: Error): never { throw new Failure(error.message) }`,
  )
  writeFileSync(
    join(directory, 'caller.ts'),
    `import { fail, missingFailure } from './maker.ts'
     missingFailure('a file', 'name one')
     missingFailure('a ref', 'name another')
     fail(process.argv[2], true)
     new Failure('plain')
     new Failure(\`plain; and \${more}\`)`,
  )

  const { failures, literals } = readMessages(`${directory}/`)

  t.deepEqual(failures.toSorted(), [
    'a file is missing: name one',
    'a ref is missing: name another',
    'plain',
    '… is gone',
    '… is locked',
    '…; and …',
  ])
  t.true(literals.includes('a hint'))
})
