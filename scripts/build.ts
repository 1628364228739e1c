import { build, type Metafile, type Plugin } from 'esbuild'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { basename, join } from 'node:path'
import { billOfMaterials, bundledPackages, licenses, readManifest, type Manifest } from './bundled.ts'
import { handbook } from '../src/cli/handbook.ts'
import { webPage } from './html.ts'
import { quickenStart } from './quickStart.ts'
import { manualPage } from './troff.ts'

/**
 * Builds dist/: `bin.cjs`, the small entry that git starts, which holds the cached path and nothing else; beside it the
 * rest, as modules that the entry imports when they are needed; the manual page; and what is in it of others.
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
]

/** In the entry, a dynamic import stays one: `import('../login/obtain.ts')` becomes `import('./obtain.mjs')`. */
const keepLazy: Plugin = {
  name: 'keep-lazy',
  setup: (building) => {
    building.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path: `./${basename(path, '.ts')}.mjs`, external: true } : undefined,
    )
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
  const open = imports.filter(({ path, external }) => external && !isBuiltin(path) && !/^\.\/\w+\.mjs$/.test(path))
  const others = new Set(open.map(({ path }) => path).filter((path) => path !== KEYRING))
  if (others.size > 0) throw new Error(`the bundle leaves open: ${[...others].join(', ')}`)
}

/** It has parts for each platform, which npm chooses. */
const KEYRING = '@napi-rs/keyring'

const manifest = await readManifest('.')
const needed = readNeededNode(manifest)

await rm(OUT, { recursive: true, force: true })
const options = { bundle: true, platform: 'node', metafile: true, outdir: OUT } as const
const entry = await build({
  ...options,
  target: OLDEST_NODE,
  define: { NODE_NEEDED: JSON.stringify(needed) },
  entryPoints: ['src/bin.ts'],
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  banner: { js: '#!/usr/bin/env node' },
  minify: true,
  plugins: [keepLazy],
})
const rest = await build({
  ...options,
  target: `node${needed}`,
  entryPoints: LAZY.map((path) => ({ in: `src/${path}.ts`, out: basename(path) })),
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  splitting: true,
  external: [KEYRING],
  chunkNames: 'chunks/[name]-[hash]',
  // Libraries that are CommonJS call require().
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  minify: true,
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
