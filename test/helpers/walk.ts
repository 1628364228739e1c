import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What lies below a directory: its path from there, and what is in it where it is a file. */
type Found = { readonly name: string; readonly content: string | undefined }

/**
 * All that lies below a directory, but for what is left out by its path, and for what goes away during the walk: a
 * browser that ends tidies up.
 */
export function* walk(directory: string, leftOut: readonly string[] = [], below = ''): Generator<Found> {
  for (const entry of unlessGone(() => readdirSync(join(directory, below), { withFileTypes: true })) ?? []) {
    const name = join(below, entry.name)
    if (leftOut.includes(name)) continue
    const path = join(directory, name)
    yield { name, content: entry.isFile() ? unlessGone(() => readFileSync(path, 'utf8')) : undefined }
    if (entry.isDirectory()) yield* walk(directory, leftOut, name)
  }
}

function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
