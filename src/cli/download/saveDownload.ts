import { createHash } from 'node:crypto'
import type { Context } from '../../base/context.ts'
import { Failure } from '../../base/failure.ts'
import { followOwnLink } from '../../base/ownPath.ts'
import type { OpenAnswer } from '../../http/http.ts'
import { writeToStdout } from './output.ts'
import { isDevice } from './outputPath.ts'
import { assertAbsent, isPresent } from './present.ts'
import type { Progress } from './progress.ts'
import { makeWhole, writeDevice, writeFile } from './wholeFile.ts'

/** Where a download goes. */
export type Target =
  | { readonly kind: 'unpacked'; readonly path: string }
  /** A path that a person gave: a file there is replaced, a link of the person's own is followed. */
  | { readonly kind: 'file'; readonly path: string; readonly isTyped: true }
  /** A name of the server's: what is there is replaced where the person says so, and no link is followed. */
  | { readonly kind: 'file'; readonly path: string; readonly isTyped: false; readonly isForced: boolean }
  /** Stdout. */
  | { readonly kind: 'output' }

type Options = {
  readonly stdout: Context['streams']['stdout']
  readonly progress: Progress
  readonly isHashed?: boolean
  /** Whether somebody will believe, after a power cut too, that a file under its name is whole. */
  readonly isLasting?: boolean
}

/** What came. */
export type Saved = {
  /** Whether the same file was there already, and has stayed. */
  readonly wasPresent: boolean
  readonly bytes: number
  /** In hexadecimal digits; undefined where it was not asked for. */
  readonly sha256: string | undefined
}

/** Takes a download to where it belongs, whole or not at all; a Failure where it breaks off, or has no place. */
export async function saveDownload(
  answer: OpenAnswer,
  target: Target,
  { stdout, progress, isHashed = false, isLasting = false }: Options,
): Promise<Saved> {
  try {
    const hash = isHashed ? createHash('sha256') : undefined
    let bytes = 0
    const pieces = measure(answer, (piece) => {
      bytes += piece.length
      hash?.update(piece)
      progress.add(piece.length)
    })
    const length = lengthOf(answer)
    progress.expect(length)
    const isNew = target.kind === 'file' && !target.isTyped && !target.isForced
    const wasPresent = isNew && (await isPresent(target.path, pieces, length))
    if (target.kind === 'output') await writeToStdout(pieces, stdout)
    else if (target.kind === 'unpacked') {
      const { extract } = await import('./extract.ts')
      await makeWhole(target.path, (draft) => extract(draft, pieces))
    } else if (target.isTyped && isDevice(target.path)) await writeDevice(target.path, pieces)
    else if (!wasPresent) {
      const path = target.isTyped ? followOwnLink(target.path) : target.path
      await makeWhole(path, async (draft) => {
        await writeFile(draft, pieces, isLasting)
        if (isNew) assertAbsent(path)
      })
    }
    return { wasPresent, bytes, sha256: hash?.digest('hex') }
  } finally {
    answer.close()
  }
}

function lengthOf({ headers }: OpenAnswer): number | undefined {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}

async function* measure(
  answer: OpenAnswer,
  look: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const expected = lengthOf(answer)
  let bytes = 0
  for await (const piece of answer.body) {
    bytes += piece.length
    look(piece)
    yield piece
  }
  if (expected === undefined || bytes === expected) return
  throw new Failure(`${answer.url.host} sent ${bytes} bytes in the place of ${expected}`, {
    code: 'unreachable',
    hints: ['run the command again'],
  })
}
