import { basename } from 'node:path'
import type { Context } from '../../base/context.ts'
import type { Failure } from '../../base/failure.ts'
import { isObject } from '../../base/json.ts'
import { formatJson, visible } from '../../base/visible.ts'
import { readAnswerFailure } from '../../bitbucket/ask.ts'
import { isPage, signedOutFailure } from '../../bitbucket/follow.ts'
import { isWhole, readPages, UNSTEADY } from '../../bitbucket/pages.ts'
import { RESOURCES } from '../../bitbucket/product.ts'
import { repositorySubject } from '../../bitbucket/refusal.ts'
import { fullName, type Repository } from '../../bitbucket/repository.ts'
import type { OpenAnswer } from '../../http/http.ts'
import { type Arguments, usageFailure } from '../arguments.ts'
import { JSON_VERSION } from '../checks/formatFindings.ts'
import { isFileName } from '../download/fileNames.ts'
import { assertNotTerminal } from '../download/output.ts'
import { formatSize, startProgress } from '../download/progress.ts'
import { resume } from '../download/resume.ts'
import { saveDownload, type Target } from '../download/saveDownload.ts'
import { assertNoDirectory } from '../download/wholeFile.ts'
import { readRepositories } from '../repositories.ts'
import { openSession, type Session } from '../session.ts'
import { printLine } from '../terminal.ts'
import { openUpload } from './downloads/upload.ts'

type Page = { readonly repository: Repository; readonly session: Session; readonly url: URL }

/** `downloads`: lists, gets and puts the files of a repository's Downloads page. */
export async function downloads(args: Arguments, context: Context): Promise<void> {
  const { account, repositories } = readRepositories([args.text('repository') ?? ''], args, context.env)
  const [repository] = repositories
  if (repository === undefined) return
  const session = openSession(account, context)
  if (session.product() !== 'cloud') throw usageFailure('only repositories of Bitbucket Cloud have a page of downloads')
  const url = new URL(`${RESOURCES.cloud.repository(repository)}/downloads`, session.apiUrl())
  const page: Page = { repository, session, url }
  const files = args.list('file')
  const action = args.text('action')
  if (action === 'list') return list(page, args, context)
  return action === 'get' ? get(page, files, args, context) : put(page, files, context)
}

async function list(page: Page, args: Arguments, context: Context): Promise<void> {
  if (args.list('file').length > 0) throw usageFailure('list takes no file')
  const { session, url } = page
  const listed = await readPages(
    new URL('?pagelen=100', url),
    session.ask,
    repositorySubject(page.repository, session.commands),
  )
  if (!isWhole(listed)) context.tell(UNSTEADY)
  const found = listed.values.filter(isObject).map((file) => ({
    name: String(file['name']),
    bytes: Number(file['size']),
    downloads: Number(file['downloads']),
    createdOn: String(file['created_on']),
  }))
  const repository = fullName(page.repository)
  if (args.has('json')) {
    return context.write(`${formatJson({ version: JSON_VERSION, repository, files: found }, 2)}\n`)
  }
  if (found.length === 0) return context.tell(`${repository} has no files to download`)
  // Other people choose these names.
  const rows = found.map((file) => [formatSize(file.bytes), file.createdOn.slice(0, 10), file.name])
  const width = Math.max(...rows.map(([size = '']) => size.length))
  context.write(rows.map(([size = '', ...rest]) => `${visible([size.padStart(width), ...rest].join('  '))}\n`).join(''))
}

async function get(page: Page, files: readonly string[], args: Arguments, context: Context): Promise<void> {
  const { session, url } = page
  const [name, ...more] = files
  if (name === undefined || more.length > 0)
    throw usageFailure('get takes the name of one file', 'downloads list names them all')
  const target = chooseTarget(name, args, context)
  const file = new URL(`${url.pathname}/${encodeURIComponent(name)}`, url)
  const answer = await session.ask(file)
  if (answer.status !== 200) throw await pageFailure(answer, page, `${name} among its downloads`)
  // A file may be a web page too, but it comes from another origin.
  if (isPage(answer) && answer.url.origin === url.origin) {
    answer.close()
    throw signedOutFailure(answer.url)
  }
  const progress = startProgress(context.streams.stderr)
  progress.label(name)
  const body = resume(answer, (headers) => session.ask(file, { headers }))
  try {
    await saveDownload({ ...answer, body }, target, { stdout: context.streams.stdout, progress })
  } finally {
    progress.end()
  }
  if (target.kind === 'file') printLine(target.path, context)
}

/** The name is typed, but it is the server's, and a clone may have a file of it: only a path of -o replaces one. */
function chooseTarget(name: string, args: Arguments, { streams: { stdout } }: Context): Target {
  const output = args.text('output')
  if (output === '-') {
    assertNotTerminal(stdout)
    return { kind: 'output' }
  }
  const path = output ?? basename(name)
  if (path === '' || path === '.' || path === '..')
    throw usageFailure('that is not the name of a file', 'downloads list names them all')
  if (output === undefined && !isFileName(name))
    throw usageFailure(`Windows takes no file of the name ${name}`, 'name another one: -o FILE')
  assertNoDirectory(path)
  if (output !== undefined) return { kind: 'file', path, isTyped: true }
  return { kind: 'file', path, isTyped: false, isForced: args.has('force') }
}

async function put(page: Page, files: readonly string[], context: Context): Promise<void> {
  if (files.length === 0) throw usageFailure('no file is named')
  const { session, url } = page
  const progress = startProgress(context.streams.stderr)
  const uploads = files.map((file) => openUpload(file, progress.add))
  try {
    for (const upload of uploads) {
      const { name, size } = upload
      progress.label(name)
      progress.expect(size)
      const answer = await session.ask(url, { method: 'POST', body: [upload] })
      if (answer.status < 200 || answer.status > 299) throw await pageFailure(answer, page)
      answer.close()
      progress.aside(() => printLine(name, context))
    }
  } finally {
    progress.end()
  }
}

function pageFailure(answer: OpenAnswer, { repository, session }: Page, part?: string): Promise<Failure> {
  return readAnswerFailure(answer, repositorySubject(repository, session.commands, part))
}
