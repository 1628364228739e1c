import test from 'ava'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProgress } from '../../../src/cli/download/progress.ts'
import { saveDownload } from '../../../src/cli/download/saveDownload.ts'
import { makeDirectory } from '../../helpers/directory.ts'

test('what comes under the name of a download while it is on its way is not replaced', async (t) => {
  const directory = makeDirectory(t)
  const path = join(directory, 'setup.sh')
  async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
    yield Buffer.from('evil')
    writeFileSync(path, 'mine')
    yield Buffer.from('evil')
  }
  const answer = { url: new URL('https://bitbucket.org'), status: 200, headers: {}, body: body(), close: () => {} }
  const progress = startProgress({ write: () => {} })

  const error = await t.throwsAsync(
    saveDownload(answer, { kind: 'file', path, isTyped: false, isForced: false }, { stdout: process.stdout, progress }),
  )

  t.is(error?.message, `${path} is there already, and is something else`)
  t.is(readFileSync(path, 'utf8'), 'mine')
  t.deepEqual(readdirSync(directory), ['setup.sh'])
})
