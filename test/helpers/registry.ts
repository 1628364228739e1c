import type { ExecutionContext } from 'ava'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

type Manifest = { readonly name: string; readonly version: string }

/**
 * A registry of packages as npm asks for them, with those that lie packed in a directory.
 *
 * @returns its address
 * @see https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md
 */
export async function startRegistry(t: ExecutionContext, directory: string): Promise<string> {
  const files = readdirSync(directory).filter((name) => name.endsWith('.tgz'))
  const packages = files.map((file) => {
    const path = join(directory, file)
    const text = execFileSync('tar', ['-xzOf', path, 'package/package.json'], { encoding: 'utf8' })
    const integrity = `sha512-${createHash('sha512').update(readFileSync(path)).digest('base64')}`
    return { file, path, integrity, manifest: JSON.parse(text) as Manifest }
  })
  const server = createServer(({ url = '' }, response) => {
    const wanted = decodeURIComponent(url.slice(1))
    const tarball = packages.find(({ file }) => wanted === `-/${file}`)
    if (tarball !== undefined) {
      response.end(readFileSync(tarball.path))
      return
    }
    const found = packages.find(({ manifest }) => manifest.name === wanted)
    if (found === undefined) {
      response.writeHead(404).end('{}')
      return
    }
    const { name, version } = found.manifest
    const dist = { tarball: `${origin}/-/${found.file}`, integrity: found.integrity }
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { ...found.manifest, dist } } }),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return origin
}
