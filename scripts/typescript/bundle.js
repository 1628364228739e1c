import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

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
  if (!existsSync(bundle)) await makeBundle(specifier, fileURLToPath(bundle))
  return bundle.href
}

async function makeBundle(specifier, path) {
  const { build } = await import('esbuild')
  // Others read it as soon as it is there.
  const unfinished = `${path}.${process.pid}.${Math.random()}`
  const from = { contents: `export * from '${specifier}'`, resolveDir: fileURLToPath(ROOT) }
  await build({
    stdin: from,
    outfile: unfinished,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: REQUIRE },
    logLevel: 'error',
  })
  renameSync(unfinished, path)
}
