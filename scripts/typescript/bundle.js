import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeWhole } from './writeWhole.js'

/** ES modules of hundreds of files: to find and load those takes longer than most of a test file's tests. */
const LARGE = new Set(['oidc-provider'])

const ROOT = new URL('../../', import.meta.url)

/** CommonJS in it asks for Node's own modules. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** Where a library is that is better loaded as one file, which is made once for each state of the lock file; else undefined. */
export async function findBundle(specifier) {
  if (!LARGE.has(specifier)) return undefined
  const state = createHash('sha256')
    .update(readFileSync(new URL('package-lock.json', ROOT)))
    .digest('hex')
  const bundle = new URL(`node_modules/.cache/bundled/${state}/${specifier}.mjs`, ROOT)
  if (!existsSync(bundle)) writeWhole(bundle, await makeBundle(specifier))
  return bundle.href
}

async function makeBundle(specifier) {
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    stdin: { contents: `export * from '${specifier}'`, resolveDir: fileURLToPath(ROOT) },
    write: false,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: REQUIRE },
    logLevel: 'error',
  })
  return outputFiles[0].text
}
