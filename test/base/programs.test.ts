import test from 'ava'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findBrowser } from '../../src/base/browser.ts'
import { findProgram } from '../../src/base/programs.ts'
import { makeDirectory } from '../helpers/directory.ts'

function plant(directory: string, name: string, mode = 0o755): string {
  const path = join(directory, name)
  writeFileSync(path, '#!/bin/sh\n')
  chmodSync(path, mode)
  return path
}

test('a program is found in the first entry of PATH that has it', (t) => {
  const [first, second] = [makeDirectory(t), makeDirectory(t)]
  plant(second, 'program')
  const path = plant(first, 'program')

  t.is(findProgram('program', { PATH: `${first}:${second}` }), path)
})

test('an entry of PATH that depends on where git stands is passed over', (t) => {
  const directory = makeDirectory(t)
  plant(directory, 'program')

  for (const PATH of ['', '.', 'bin', ':', '..']) t.is(findProgram('program', { PATH }), undefined)
  t.is(findProgram('program', {}), undefined)
})

test('what cannot be run is no program', (t) => {
  const directory = makeDirectory(t)
  plant(directory, 'text', 0o644)
  mkdirSync(join(directory, 'directory'))

  t.is(findProgram('text', { PATH: directory }), undefined)
  t.is(findProgram('directory', { PATH: directory }), undefined)
})

test('an absolute path is taken as it is', (t) => {
  const path = plant(makeDirectory(t), 'program')

  t.is(findProgram(path, {}), path)
  t.is(findProgram(`${path}-missing`, {}), undefined)
})

for (const [command, words] of [
  ['%', ['ADDRESS']],
  ['% --new-window', ['--new-window', 'ADDRESS']],
  ['% --app=%s  last', ['--app=ADDRESS', 'last']],
  ['% 100%% %s', ['100%', 'ADDRESS']],
] as const) {
  test(`BROWSER="${command.replace('%', 'browser')}" is called with ${words.join(' ')}`, async (t) => {
    const directory = makeDirectory(t)
    const [program, log] = [join(directory, 'browser'), join(directory, 'log')]
    const script = `printf '%s\\n' "$@" > '${log}.new' && mv '${log}.new' '${log}'`
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o700 })
    const name = command === '%' ? program : 'browser'
    const env = { PATH: `${directory}:${process.env['PATH']}`, BROWSER: `missing:${command.replace('%', name)}` }
    const url = new URL('https://bitbucket.org/?a=$(touch x)&b=%s;c')

    await findBrowser(env)?.(url)
    for (let look = 0; look < 1200 && !existsSync(log); look++) await sleep(50)

    t.is(readFileSync(log, 'utf8'), words.map((word) => `${word.replace('ADDRESS', () => url.href)}\n`).join(''))
  })
}

test('a machine without a screen has no browser, unless BROWSER names one that is there', (t) => {
  const directory = makeDirectory(t)
  plant(directory, 'xdg-open')
  plant(directory, 'browser')

  t.is(findBrowser({ PATH: directory }), undefined)
  t.is(findBrowser({ PATH: directory, BROWSER: 'missing' }), undefined)
  t.truthy(findBrowser({ PATH: directory, BROWSER: 'missing:browser' }))
  t.truthy(findBrowser({ PATH: directory, DISPLAY: ':0' }))
  t.truthy(findBrowser({ PATH: directory, WAYLAND_DISPLAY: 'wayland-0' }))
  t.is(findBrowser({ PATH: '', DISPLAY: ':0' }), undefined)
})

test('a browser is launched with the address, and not waited for', async (t) => {
  t.timeout(120_000, 'the browser is waited for')
  const directory = makeDirectory(t)
  const log = join(directory, 'log')
  const path = join(directory, 'browser')
  const script = `echo "$1" > '${log}.new'\nmv '${log}.new' '${log}'\nwhile [ -e '${log}' ]; do sleep 0.1; done`
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const open = findBrowser({ PATH: process.env['PATH'], BROWSER: path })
  const url = new URL('https://bitbucket.org/site/oauth2/authorize?client_id=a&response_type=code')

  await open?.(url)

  while (!existsSync(log)) await sleep(10)
  t.is(readFileSync(log, 'utf8'), `${url.href}\n`)
})

test('a browser that cannot be started is a failure of its own', async (t) => {
  const directory = makeDirectory(t)
  const path = join(directory, 'browser')
  writeFileSync(path, '#!/missing/interpreter\n', { mode: 0o755 })

  await t.throwsAsync(async () => findBrowser({ BROWSER: path })?.(new URL('https://bitbucket.org')))
})
