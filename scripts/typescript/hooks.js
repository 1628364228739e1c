import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { findBundle } from './bundle.js'
import { strip } from './strip.js'

export async function resolve(specifier, context, nextResolve) {
  const url = await findBundle(specifier)
  return url === undefined ? nextResolve(specifier, context) : { url, format: 'module', shortCircuit: true }
}

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context)
  const source = `${await strip(readFileSync(fileURLToPath(url), 'utf8'))}\n//# sourceURL=${url}`
  return { format: 'module', shortCircuit: true, source }
}
