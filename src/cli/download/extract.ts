import { mkdir } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { extract as openExtract, type Unpack } from 'tar'
import { Failure, isFailure } from '../../base/failure.ts'
import { isOfSystem } from '../../base/systemError.ts'
import { hasGitDirectory } from './gitDirectory.ts'
import { ignoresCase, startNameCheck } from './fileNames.ts'
import { isOutward, makeLateLinks } from './lateLinks.ts'

/** On Windows a link takes a right that few have. */
const takesRight = process.platform === 'win32'

/** More of a list is no help. */
const MOST_NAMED = 3

/**
 * Unpacks a tar.gz into a new directory, without the folder that all is in. It refuses a path that leads out of the
 * directory, git's own directory, devices and unknown kinds. A symbolic link may lead out: it is made last. Then the caller takes the directory away.
 *
 * @throws Failure with the code `archive` for such an archive, and for one that is broken
 */
export async function extract(directory: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const refused: string[] = []
  const late: { readonly path: string; readonly target: string }[] = []
  await mkdir(directory, { recursive: true })
  const findFault = startNameCheck(ignoresCase(directory))
  const unpacking = openExtract({
    cwd: directory,
    strip: 1,
    // Else root would give files to whomever the archive names.
    preserveOwner: false,
    filter: (path, entry) => {
      if (hasGitDirectory(path)) {
        refused.push(`${path} would lie in a directory of git's own`)
        return false
      }
      // The library would leave out what lies beside the folder that is taken away, and say nothing of it.
      if (!path.replace(/\/+$/, '').includes('/') && !isDirectory(entry)) {
        refused.push(`${path} lies beside the folder`)
        return false
      }
      const misnamed = findFault(path, isDirectory(entry))
      if (misnamed !== undefined) {
        refused.push(misnamed)
        return false
      }
      const link = { path: path.slice(path.indexOf('/') + 1), target: linkOf(entry) }
      if (link.target !== '' && (isOutward(link) || takesRight)) {
        late.push(link)
        return false
      }
      // No archive makes a program that runs as its owner.
      if ('mode' in entry && typeof entry.mode === 'number') entry.mode &= 0o777
      return true
    },
    onwarn: (code, message) => void refused.push(`${message} (${code})`),
  })
  // The library would leave these out, and say nothing of it.
  unpacking.on('ignoredEntry', ({ path, type }) => {
    if (!KNOWN_TYPES.has(type)) refused.push(`${path} is of a kind that is not unpacked (${type})`)
  })
  try {
    await feed(pieces, unpacking)
  } catch (error) {
    // The system's own word, of a full disk or so, is the better one.
    if (isFailure(error) || isOfSystem(error)) throw error
    throw unpackFailure(error instanceof Error ? error.message : String(error), error)
  }
  if (refused.length === 0) refused.push(...makeLateLinks(directory, late))
  if (refused.length > 0) throw unpackFailure(describe(refused))
}

function linkOf(entry: unknown): string {
  const isLink = typeof entry === 'object' && entry !== null && 'type' in entry && entry.type === 'SymbolicLink'
  return isLink && 'linkpath' in entry ? String(entry.linkpath) : ''
}

/** The kinds that the library unpacks, or warns of. */
const KNOWN_TYPES = new Set([
  'File',
  'OldFile',
  'ContiguousFile',
  'Directory',
  'Link',
  'SymbolicLink',
  'CharacterDevice',
  'BlockDevice',
  'FIFO',
])

/** Not a pipeline, which does not see the end of an archive that is unpacked before it has been read to its end. */
async function feed(pieces: AsyncIterable<Uint8Array>, unpacking: Unpack): Promise<void> {
  const source = Readable.from(pieces)
  try {
    await new Promise<void>((resolve, reject) => {
      source.on('error', reject)
      unpacking.on('error', reject)
      unpacking.on('close', () => resolve())
      source.pipe(unpacking)
    })
  } finally {
    source.destroy()
  }
}

function isDirectory(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && 'type' in entry && entry.type === 'Directory'
}

function describe(refused: readonly string[]): string {
  const more = refused.length - MOST_NAMED
  return `${refused.slice(0, MOST_NAMED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}

function unpackFailure(reason: string, cause?: unknown): Failure {
  return new Failure(`the archive was not unpacked, and nothing was left of it: ${reason}`, {
    code: 'archive',
    hints: ['to look at it first, leave out --extract; then: tar tvzf FILE'],
    cause,
  })
}
