import test from 'ava'
import { appendFileSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
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
  const upload = await openUpload(path, (bytes) => void pieces.push(bytes))
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
