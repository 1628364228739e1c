import { build, type Metafile, type Plugin } from 'esbuild'
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { basename, join, resolve } from 'node:path'
import { billOfMaterials, bundledPackages, licenses, readManifest, type Manifest } from './bundled.ts'
import { handbook } from '../src/cli/handbook.ts'
import { webPage } from './html.ts'
import { quickenStart } from './quickStart.ts'
import { manualPage } from './troff.ts'

/**
 * Builds dist/: `bin.cjs`, the small entry that git starts, which holds the cached path and nothing else; beside it the
 * rest, of which the entry loads one file when it is needed; the manual page; and what is in it of others.
 */
const OUT = 'dist'

/** What the entry imports lazily, and the program that is started beside it, below src/. */
const LAZY = [
  'base/places',
  'base/trace',
  'cli/cli',
  'helper/eraseElsewhere',
  'login/forget',
  'login/obtain',
  'tokens/givenToken',
  'tokens/keyring/keyringProcess',
  'tokens/renewalMark',
]

/**
 * What the rest imports lazily and seldom needs, with large libraries: files that share no state with it, below src/. What else is
 * imported lazily lies in the same file, as two copies of its state would not know of each other.
 */
const SELDOM = ['cli/download/extract', 'http/socks']

/** In the entry, a dynamic import stays one: `import('../login/obtain.ts')` becomes `import('./obtain.cjs')`. */
const keepLazy: Plugin = {
  name: 'keep-lazy',
  setup: (building) => {
    building.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path, '.ts')}.cjs`, external: true } : undefined,
    )
  },
}

const keepSeldom: Plugin = {
  name: 'keep-seldom',
  setup: (building) => {
    building.onResolve({ filter: /\.ts$/ }, ({ kind, path }) => {
      const name = basename(path, '.ts')
      const isOwn = kind === 'dynamic-import' && SELDOM.some((seldom) => basename(seldom) === name)
      return isOwn ? { path: `./${name}.cjs`, external: true } : undefined
    })
    // Node has what this stands for since version 18, and it is as large as all of HTTP.
    building.onLoad({ filter: /[\\/]web-streams-polyfill[\\/]/ }, () => ({ contents: '' }))
  },
}

/** What some files are given in the place of Node's own, which takes longer to load than all else that they need. */
const LIGHTER = [
  // Node's come with a fetch of its own, but node-fetch sends all requests.
  {
    file: /[\\/](oauth4webapi[\\/]build[\\/]index\.js|src[\\/]oauth[\\/]grants\.ts)$/,
    text: "import { Headers, Response } from 'node-fetch'",
  },
  // One is made at the start, and hardly any text here needs it.
  {
    file: /[\\/]string-width[\\/]index\.js$/,
    text: `import { LateSegmenter } from ${JSON.stringify(resolve('scripts/segmenter.ts'))}; const Intl = { Segmenter: LateSegmenter }`,
  },
]

const giveLighter: Plugin = {
  name: 'give-lighter',
  setup: (building) => {
    for (const { file, text } of LIGHTER) {
      building.onLoad({ filter: file }, async ({ path }) => ({
        contents: `${text}\n${await readFile(path, 'utf8')}`,
        loader: path.endsWith('.ts') ? 'ts' : 'js',
      }))
    }
  },
}

/** Where the entry still has to parse, to say that the Node is too old: Ubuntu 22.04 has this one. */
const OLDEST_NODE = 'node12.22'

/**
 * A `require` that the bundle leaves open is looked up from where the program lies, or, in a standalone one, from where git stands: a
 * repository could answer it.
 *
 * @throws Error for one that is neither Node's, nor ours, nor the keyring's
 */
function assertClosed(metafiles: readonly Metafile[]): void {
  const imports = metafiles.flatMap(({ outputs }) => Object.values(outputs).flatMap((output) => output.imports))
  const open = imports.filter(({ path, external }) => external && !isBuiltin(path) && !/^\.\/\w+\.cjs$/.test(path))
  const others = new Set(open.map(({ path }) => path).filter((path) => path !== KEYRING))
  if (others.size > 0) throw new Error(`the bundle leaves open: ${[...others].join(', ')}`)
}

/** It has parts for each platform, which npm chooses. */
const KEYRING = '@napi-rs/keyring'

const manifest = await readManifest('.')
const needed = readNeededNode(manifest)

await rm(OUT, { recursive: true, force: true })
const options = {
  bundle: true,
  platform: 'node',
  // Node needs less time for it than for modules, above all for many small ones.
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  outdir: OUT,
  minify: true,
  metafile: true,
} as const
const entry = await build({
  ...options,
  target: OLDEST_NODE,
  define: { NODE_NEEDED: JSON.stringify(needed) },
  entryPoints: ['src/bin.ts'],
  banner: { js: '#!/usr/bin/env node' },
  plugins: [keepLazy],
})
const rest = await build({
  ...options,
  target: `node${needed}`,
  define: { 'import.meta.url': 'IMPORT_META_URL' },
  entryPoints: [...LAZY, ...SELDOM].map((path) => ({ in: `src/${path}.ts`, out: basename(path) })),
  external: [KEYRING],
  supported: { 'dynamic-import': false },
  plugins: [keepSeldom, giveLighter],
  banner: { js: "const IMPORT_META_URL = require('node:url').pathToFileURL(__filename).href;" },
})
assertClosed([entry.metafile, rest.metafile])
await chmod(join(OUT, 'bin.cjs'), 0o755)
quickenStart(join(OUT, 'bin.cjs'))
const packages = await bundledPackages([entry.metafile, rest.metafile])
await writeFile(join(OUT, 'THIRD-PARTY-LICENSES.txt'), await licenses(packages))
await writeFile(join(OUT, 'sbom.cdx.json'), await billOfMaterials(manifest, packages))
await writeFile(join(OUT, 'git-credential-bitbucket-oauth.1'), manualPage(handbook(), manifest.version))
await writeFile(join(OUT, 'git-credential-bitbucket-oauth.html'), webPage(handbook(), manifest.version))

/** The entry compares with a version, not with a range. */
function readNeededNode({ engines }: Manifest): string {
  const [, version] = /^>=(\d+\.\d+)$/.exec(engines?.node ?? '') ?? []
  if (version === undefined) throw new Error('engines.node in package.json has to be of the form >=20.19')
  return version
}
