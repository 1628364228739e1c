import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeWhole } from './writeWhole.js'

/** It goes with node_modules, and so with another version of what strips. */
const CACHE = new URL('../../node_modules/.cache/types-stripped/', import.meta.url)

/**
 * Takes the types out of TypeScript. What was stripped before is read: to load what does it takes longer than all else
 * that a test's process loads, as it brings the whole compiler.
 */
export async function strip(text) {
  const path = new URL(createHash('sha256').update(text).digest('hex'), CACHE)
  try {
    return readFileSync(path, 'utf8')
  } catch {
    const { default: tsBlankSpace } = await import('ts-blank-space')
    const stripped = tsBlankSpace(text)
    writeWhole(path, stripped)
    return stripped
  }
}
