import { resolve } from 'node:path'
import { followOwnLink } from '../../../base/ownPath.ts'
import { COMMAND } from '../../../base/program.ts'
import { quote } from '../../../base/shell.ts'
import { type Format, FORMATS } from '../../../bitbucket/archive.ts'
import type { Repository } from '../../../bitbucket/repository.ts'
import type { Account } from '../../../tokens/account.ts'
import { readHostAccount } from '../../account.ts'
import { type Arguments, usageFailure } from '../../arguments.ts'
import { readRepositories } from '../../repositories.ts'

/** What `archive` is to do. */
export type ArchiveOrder = {
  readonly account: Account
  readonly repositories: readonly Repository[]
  /** All its repositories are wanted, and none is named. */
  readonly workspace: string | undefined
  readonly ref: string
  readonly format: Format
  readonly place: Destination
  readonly isJson: boolean
}

export type Destination =
  /** Under the name that Bitbucket gives, in the working directory where there is no path. */
  | { readonly kind: 'directory'; readonly path: string | undefined; readonly isForced: boolean }
  | { readonly kind: 'file'; readonly path: string; readonly isTyped: true }
  | { readonly kind: 'unpacked'; readonly path: string }
  /** Stdout. */
  | { readonly kind: 'output' }

/** @throws Failure with the code `usage` for words that do not go together */
export function readOrder(args: Arguments, env: NodeJS.ProcessEnv): ArchiveOrder {
  const { words, ref } = splitWords(args)
  const workspace = args.text('workspace')
  if ((workspace !== undefined) !== args.has('all')) {
    throw usageFailure('--all and --workspace belong together', 'for the whole of acme: --workspace acme --all')
  }
  if (workspace !== undefined && words.length > 0) throw usageFailure('--all takes no repository: it means all of them')
  if (workspace === undefined && words.length === 0) {
    throw usageFailure('no repository is named', `${COMMAND} archive acme/widgets`)
  }
  const { account, repositories } =
    workspace === undefined
      ? readRepositories(words, args, env)
      : { account: readHostAccount(args, env), repositories: [] }
  const format = FORMATS.find((one) => one === args.text('format')) ?? 'tar.gz'
  const place = readPlace(args, format, workspace !== undefined || words.length > 1)
  const isJson = args.has('json')
  if (isJson && place.kind === 'output')
    throw usageFailure('the archive and JSON cannot both go to stdout', 'give a file: -o FILE')
  return { account, repositories, workspace, ref, format, place, isJson }
}

/** A second word without a slash is a ref: `acme/widgets v1.2`. */
function splitWords(args: Arguments): { words: readonly string[]; ref: string } {
  const words = args.list('repository')
  const [first, second] = words
  const given = args.text('ref')
  if (first === undefined || second === undefined || words.length > 2 || second.includes('/')) {
    return { words, ref: given ?? 'HEAD' }
  }
  if (given !== undefined) throw usageFailure('two refs are named', 'leave out --ref, or the second word')
  return { words: [first], ref: second }
}

/** What a shell completes the name of a directory with. */
const AT_END = process.platform === 'win32' ? /(?<=.)[\\/]+$/ : /(?<=.)\/+$/

function readPlace(args: Arguments, format: Format, isSeveral: boolean): Destination {
  const [output, directory, unpacked] = ['output', 'directory', 'extract'].map((name) => args.text(name))
  if ([output, directory, unpacked].filter((one) => one !== undefined).length > 1) {
    throw usageFailure('-o, -d and --extract exclude each other')
  }
  if (isSeveral && (output ?? unpacked) !== undefined) {
    throw usageFailure('-o and --extract take one repository', 'for several: -d DIR')
  }
  if ([output, directory, unpacked].includes('')) throw usageFailure('a path is empty', 'name a file or a directory')
  if (output !== undefined && AT_END.test(output))
    throw usageFailure('-o names a file', `for a directory: -d ${quote(output)}`)
  if (unpacked !== undefined) {
    const path = followOwnLink(unpacked.replace(AT_END, ''))
    if (resolve(path) === process.cwd())
      throw usageFailure('--extract makes a directory, and cannot make the one you are in', 'name a new one')
    if (format === 'tar.gz') return { kind: 'unpacked', path }
    throw usageFailure(
      '--extract unpacks tar.gz only',
      'leave out --format; or leave out --extract, and unpack the file yourself',
    )
  }
  if (output === undefined) return { kind: 'directory', path: directory, isForced: args.has('force') }
  return output === '-' ? { kind: 'output' } : { kind: 'file', path: output, isTyped: true }
}
