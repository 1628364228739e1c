import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** All that lies in a directory, with its owner and mode: what is the same twice was not changed. */
export function snapshot(directory: string): Record<string, string> {
  const names = lstatSync(directory).isDirectory() ? readdirSync(directory, { recursive: true, encoding: 'utf8' }) : []
  return Object.fromEntries(['.', ...names].toSorted().map((name) => [name, describe(join(directory, name))]))
}

function describe(path: string): string {
  const found = lstatSync(path)
  const content = found.isSymbolicLink() ? readlinkSync(path) : found.isFile() ? readFileSync(path, 'utf8') : ''
  return `${found.mode.toString(8)} ${found.uid} ${content}`
}
