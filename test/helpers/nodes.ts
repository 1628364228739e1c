import { execFile } from 'node:child_process'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { Home } from './home.ts'

/** For a download of some 50 MB. Milliseconds. */
const LIMIT_MS = 150_000

/** A Node of that version comes first in a home's PATH, as nvm, asdf and volta do it; its path. */
export async function putNodeFirst(home: Home, version: string): Promise<string> {
  // Two npm that bring the same one would get in each other's way.
  const found = NODES.get(version) ?? findNode(version)
  NODES.set(version, found)
  const path = await found
  home.env['PATH'] = `${dirname(path)}:${home.env['PATH']}`
  return path
}

const NODES = new Map<string, Promise<string>>()

/** A real Node, which npm keeps in its own cache, and brings where it is not there yet. */
async function findNode(version: string): Promise<string> {
  const source = `node-${process.platform}-${process.arch}@${version}`
  const args = ['exec', '--yes', '--ignore-scripts', `--package=${source}`, '--', 'node', '-p', 'process.execPath']
  // What is meant for this Node is no business of an older one.
  const { NODE_OPTIONS: _, ...env } = process.env
  try {
    const { stdout } = await promisify(execFile)('npm', args, { env, timeout: LIMIT_MS })
    return stdout.trim()
  } catch (cause) {
    throw new Error(`Node.js ${version} is missing, and npm could not bring it: try "npm ${args.join(' ')}"`, { cause })
  }
}
