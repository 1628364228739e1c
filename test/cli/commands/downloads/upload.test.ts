import test from 'ava'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { isFailure } from '../../../../src/base/failure.ts'
import { openUpload } from '../../../../src/cli/commands/downloads/upload.ts'
import { open } from '../../../../src/http/http.ts'
import { makeDirectory } from '../../../helpers/directory.ts'
import { serve } from '../../../helpers/server.ts'

const DIRECT = { proxy: undefined, certificateFiles: [] }

test('a file that grows meanwhile is sent as it was, from the beginning each time, with its length', async (t) => {
  const forms: FormData[] = []
  const lengths: (string | undefined)[] = []
  const url = await serve(t, async (request, response) => {
    lengths.push(request.headers['content-length'], request.headers['transfer-encoding'])
    forms.push(await parseForm(request))
    response.end()
  })
  const path = join(makeDirectory(t), 'a "quoted" ü.log')
  const content = 'line\n'.repeat(50_000)
  writeFileSync(path, content)

  const pieces: number[] = []
  const upload = openUpload(path, (bytes) => void pieces.push(bytes))
  appendFileSync(path, 'one more\n')
  for (let round = 0; round < 2; round++) {
    const answer = await open(url, { method: 'POST', headers: {}, body: [upload] }, DIRECT)
    answer.close()
  }

  const files = forms.map((form) => form.get('files') as File)
  t.deepEqual(await Promise.all(files.map((file) => file.text())), [content, content])
  t.deepEqual(
    files.map(({ name }) => name),
    ['a "quoted" ü.log', 'a "quoted" ü.log'],
  )
  const [first, encoding, second] = lengths
  t.true(Number(first) > content.length)
  t.deepEqual([encoding, second], [undefined, first])
  t.is(
    pieces.reduce((sum, piece) => sum + piece, 0),
    2 * content.length,
  )
  t.true(pieces.length > 2, 'progress is told piece by piece')
})

async function parseForm(request: IncomingMessage): Promise<FormData> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' }
  return new Response(new Uint8Array(await buffer(request)), { headers }).formData()
}

test('a link that leads out of its directory is not followed: a clone may bring one to a key', (t) => {
  const home = makeDirectory(t)
  const clone = join(home, 'clone')
  for (const directory of ['.ssh', 'clone', 'clone/dist']) mkdirSync(join(home, directory))
  writeFileSync(join(home, '.ssh/id_rsa'), 'secret')
  writeFileSync(join(clone, 'dist/real.txt'), 'public')
  symlinkSync('../.ssh/id_rsa', join(clone, 'report.txt'))
  symlinkSync(join(home, '.ssh'), join(clone, 'build'))
  symlinkSync('report.txt', join(clone, 'twice.txt'))
  symlinkSync('dist/real.txt', join(clone, 'inside.txt'))

  for (const [name, below] of [
    ['report.txt', clone],
    ['twice.txt', clone],
    ['clone/report.txt', home],
    ['build/id_rsa', clone],
    ['dist/../build/id_rsa', clone],
    [join(clone, 'report.txt'), home],
  ] as const) {
    const error = t.throws(() => openUpload(name, () => {}, below), undefined, name)

    if (!isFailure(error)) throw new Error(name)
    const real = realpathSync(join(home, '.ssh/id_rsa'))
    t.is(error.message, `${name} leads to ${real}, out of its directory, so it is not sent`)
    t.deepEqual(error.hints, [`if you want to send that: '${real}'`])
    t.is(error.code, 'usage')
  }
  for (const [name, below] of [
    ['inside.txt', clone],
    ['dist/real.txt', clone],
    [join(home, '.ssh/id_rsa'), clone],
    ['../.ssh/id_rsa', clone],
    // What stands above the directory that one is in, is one's own.
    [join(clone, 'build/id_rsa'), join(clone, 'dist')],
  ] as const) {
    t.is(openUpload(name, () => {}, below).size, 6, name)
  }
})

test('a link to nowhere is said to be one', (t) => {
  const directory = makeDirectory(t)
  symlinkSync('absent', join(directory, 'link'))

  const error = t.throws(() => openUpload('link', () => {}, directory))

  t.is(error?.message, 'link cannot be read (ENOENT)')
})

for (const [title, path, lay] of [
  ['a pipe', 'pipe', (pipe: string) => execFileSync('mkfifo', [pipe])],
  ['a device', '/dev/zero', () => {}],
] as const) {
  test(`${title} is no file to send, and is not waited for`, (t) => {
    const directory = makeDirectory(t)
    lay(join(directory, path))

    const error = t.throws(() => openUpload(path, () => {}, directory))

    t.is(error?.message, `${path} is not a plain file`)
  })
}

test('what takes the place of a file before it is sent is not sent', async (t) => {
  const directory = makeDirectory(t)
  const path = join(directory, 'file')
  const secret = join(makeDirectory(t), 'secret')
  for (const name of [path, secret]) writeFileSync(name, 'secret')
  for (const swap of [() => symlinkSync(secret, path), () => execFileSync('mkfifo', [path])]) {
    const upload = openUpload(path, () => {})
    rmSync(path)
    swap()

    await t.throwsAsync(async () => {
      for await (const piece of upload.open()) t.fail(String(piece))
    })
    rmSync(path)
    writeFileSync(path, 'secret')
  }
})
