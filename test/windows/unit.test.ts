import test from 'ava'
import { build } from 'esbuild'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE, WindowsUser } from './windowsUser.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * The unit tests that can run there. The others speak of Linux (modes, owners, signals, /proc), play Windows on its paths, start
 * programs of ours as they lie here, or fetch from their own process, which Wine does not bring to an end.
 */
const FILES = [
  ...['busy', 'duration', 'oldNode', 'report', 'visible'].map((name) => `base/${name}`),
  ...['archive', 'pages', 'refusal', 'repository'].map((name) => `bitbucket/${name}`),
  'cli/terminal',
  'git/noProxy',
  'helper/attributes',
  ...['http', 'stall'].map((name) => `http/${name}`),
  ...['client', 'grants', 'page', 'pastedRedirect'].map((name) => `oauth/${name}`),
  ...['accessToken', 'cache', 'recordFile', 'storage', 'keyring/trouble'].map((name) => `tokens/${name}`),
]

test.serial('the unit tests that do not speak of Linux pass on Node for Windows', async (t) => {
  t.timeout(1_200_000)
  const user = new WindowsUser()
  const directory = join(user.path, 'work')
  await build({
    entryPoints: FILES.map((file) => join(ROOT, 'test', `${file}.test.ts`)),
    outbase: join(ROOT, 'test'),
    outdir: directory,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  })
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
  const ava = ['--preserve-symlinks', '--preserve-symlinks-main', 'node_modules/ava/entrypoints/cli.mjs']

  const [outcome] = await user.run({ program: NODE, args: [...ava, '--concurrency', '1', '**/*.test.js'] })

  const passed = Number(/(\d+) tests passed/.exec(outcome?.stdout ?? '')?.[1])
  t.is(outcome?.code, 0, outcome?.stdout.slice(-4000))
  t.log(`${passed} tests of ${FILES.length} files passed`)
  t.true(passed > 300)
})
