import { basename } from 'node:path'
import type { Surroundings } from '../../base/context.ts'
import { isObject } from '../../base/json.ts'
import { visible } from '../../base/report.ts'
import { isPage, signedOut } from '../../bitbucket/follow.ts'
import type { Repository } from '../../bitbucket/repository.ts'
import type { Arguments } from '../arguments.ts'
import { askForPages } from '../askForPages.ts'
import { JSON_VERSION } from '../checks/formatFindings.ts'
import { refuseScreen } from '../download/output.ts'
import { formatSize, startProgress } from '../download/progress.ts'
import { saveDownload, type Target } from '../download/saveDownload.ts'
import { refuseDirectory } from '../download/wholeFile.ts'
import { explainRefusal, type Subject } from '../refused.ts'
import { readRepositories, usage } from '../repositories.ts'
import { type Bearer, openBearer } from '../session.ts'
import { openUpload } from './downloads/upload.ts'

/** A repository's Downloads page. */
type Page = { readonly repository: Repository; readonly bearer: Bearer; readonly url: URL; readonly subject: Subject }

/**
 * `downloads`: lists, gets and puts the files of a repository's Downloads page.
 *
 * @throws Failure where that is not to be had
 */
export async function downloads(args: Arguments, around: Surroundings): Promise<void> {
  const { account, repositories } = readRepositories([args.text('repository') ?? ''], args)
  const [repository] = repositories
  if (repository === undefined) return
  const bearer = openBearer(account, around)
  const name = `${repository.workspace}/${repository.name}`
  const page: Page = {
    repository,
    bearer,
    url: new URL(`/2.0/repositories/${name}/downloads`, bearer.apiUrl()),
    subject: { account, what: name, workspace: repository.workspace, repository: name },
  }
  const files = args.list('file')
  const action = args.text('action')
  if (action === 'list') return list(page, args, around)
  return action === 'get' ? get(page, files, args, around) : put(page, files, around)
}

async function list({ repository, bearer, url, subject }: Page, args: Arguments, around: Surroundings): Promise<void> {
  if (args.list('file').length > 0) throw usage('list takes no file')
  const found = (await askForPages(new URL('?pagelen=100', url), bearer, subject)).filter(isObject).map((file) => ({
    name: String(file['name']),
    bytes: Number(file['size']),
    downloads: Number(file['downloads']),
    createdOn: String(file['created_on']),
  }))
  const { workspace, name } = repository
  if (args.has('json')) {
    const report = { version: JSON_VERSION, repository: `${workspace}/${name}`, files: found }
    around.write(`${JSON.stringify(report, undefined, 2)}\n`)
    return
  }
  if (found.length === 0) return around.tell(`${workspace}/${name} has no files to download`)
  // Other people choose these names.
  const rows = found.map((file) => [formatSize(file.bytes), file.createdOn.slice(0, 10), visible(file.name)])
  const width = Math.max(...rows.map(([size = '']) => size.length))
  around.write(rows.map(([size = '', ...rest]) => `${[size.padStart(width), ...rest].join('  ')}\n`).join(''))
}

async function get(page: Page, files: readonly string[], args: Arguments, around: Surroundings): Promise<void> {
  const { bearer, url, subject } = page
  const [name, ...more] = files
  if (name === undefined || more.length > 0)
    throw usage('get takes the name of one file', 'downloads list names them all')
  const target = chooseTarget(name, args.text('output'))
  const answer = await bearer.ask(new URL(`${url.pathname}/${encodeURIComponent(name)}`, url))
  if (answer.status !== 200) {
    throw await explainRefusal(answer, { ...subject, what: `${subject.what}, or no ${name} among its downloads` })
  }
  // A file may be a page, but it comes from elsewhere.
  if (isPage(answer) && answer.url.origin === url.origin) {
    answer.close()
    throw signedOut(answer.url)
  }
  const progress = startProgress(process.stderr)
  progress.label(name)
  try {
    await saveDownload(answer, target, { progress })
  } finally {
    progress.end()
  }
  if (target.kind === 'file') around.write(`${target.path}\n`)
}

function chooseTarget(name: string, output: string | undefined): Target {
  if (output === '-') {
    refuseScreen()
    return { kind: 'output' }
  }
  const path = output ?? basename(name)
  if (path === '' || path === '.' || path === '..')
    throw usage('that is no name of a file', 'downloads list names them all')
  refuseDirectory(path)
  return { kind: 'file', path }
}

async function put({ bearer, url, subject }: Page, files: readonly string[], around: Surroundings): Promise<void> {
  if (files.length === 0) throw usage('no file is named')
  const uploads = await Promise.all(files.map((file) => openUpload(file)))
  const progress = startProgress(process.stderr)
  try {
    for (const { name, headers, body, size } of uploads) {
      progress.label(name)
      progress.expect(size)
      const answer = await bearer.ask(url, { method: 'POST', headers, body: () => body(progress.add) })
      if (answer.status < 200 || answer.status > 299) throw await explainRefusal(answer, subject)
      answer.close()
      progress.aside(() => around.write(`${name}\n`))
    }
  } finally {
    progress.end()
  }
}
