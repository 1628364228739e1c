import { build, type Metafile, type Plugin } from 'esbuild'
import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { manualPage } from './manualPage.ts'

/**
 * Builds dist/: `bin.cjs`, the small entry that git starts, which holds the cached path and nothing else; beside it the
 * rest, as modules that the entry imports when they are needed; and the manual page.
 */
const OUT = 'dist'

/** What the entry imports lazily, and the program that is started beside it, below src/. */
const LAZY = ['cli/cli', 'helper/eraseElsewhere', 'login/forget', 'login/obtain', 'tokens/keyring/keyringProcess']

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

const manifest = await readManifest('.')
const needed = readNeededNode(manifest)

await rm(OUT, { recursive: true, force: true })
const options = { bundle: true, platform: 'node', metafile: true, outdir: OUT } as const
const entry = await build({
  ...options,
  target: OLDEST_NODE,
  // What env-paths carries for its own tests is left out.
  pure: ['Object.freeze'],
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
  // It has parts for each platform, which npm chooses.
  external: ['@napi-rs/keyring'],
  chunkNames: 'chunks/[name]-[hash]',
  // Libraries that are CommonJS call require().
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  minify: true,
})
await chmod(join(OUT, 'bin.cjs'), 0o755)
await writeFile(join(OUT, 'THIRD-PARTY-LICENSES.txt'), await licenses([entry.metafile, rest.metafile]))
await writeFile(join(OUT, 'git-credential-bitbucket-oauth.1'), manualPage(manifest.version))

/** The entry compares with a version, not with a range. */
function readNeededNode({ engines }: Manifest): string {
  const [, version] = /^>=(\d+\.\d+)$/.exec(engines?.node ?? '') ?? []
  if (version === undefined) throw new Error('engines.node in package.json has to be of the form >=20.19')
  return version
}

type Manifest = { name: string; version: string; license: string; engines?: { node?: string } }

/** The licenses of all packages that became part of dist/, as each of them asks for. */
async function licenses(metafiles: readonly Metafile[]): Promise<string> {
  const packages = new Set<string>()
  for (const input of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)
    if (found?.[1] !== undefined) packages.add(found[1])
  }
  const texts = await Promise.all([...packages].toSorted().map(licenseOf))
  return `This program contains the following packages.\n\n${texts.join('\n')}`
}

async function licenseOf(directory: string): Promise<string> {
  const { name, version, license } = await readManifest(directory)
  const file = (await readdir(directory)).find((entryName) => /^licen[sc]e/i.test(entryName))
  const text = file === undefined ? 'See its package.' : await readFile(join(directory, file), 'utf8')
  const title = `${name} ${version} (${license})`
  return `${title}\n${'-'.repeat(title.length)}\n${text.trim()}\n`
}

async function readManifest(directory: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest
}
