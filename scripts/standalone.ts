/**
 * Packs this program for machines without Node: the native front in bin/, and in lib/ all the rest, with the keyring's library and a Node
 * of its own, which the front starts. The same files make the same archive.
 *
 * Usage: standalone.ts OUT SYSTEM FRONT, as linux-x64 and path/to/front; after `npm run build`
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'

const NODE_VERSION = '24.21.0'

/** As npm's registry tells of what it has of each system. A release compares what is in it with nodejs.org's SHASUMS256.txt, too. */
const NODE_INTEGRITY: Readonly<Record<string, string>> = {
  'linux-x64': 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  'linux-arm64': 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
}

const NAME = 'git-credential-bitbucket-oauth'
const KEYRING = '@napi-rs/keyring'

type Locked = { readonly version: string; readonly integrity: string }

const [, , out = 'standalone', system = 'linux-x64', front = 'front'] = process.argv
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> }

mkdirSync(out, { recursive: true })
const scratch = mkdtempSync(join(tmpdir(), 'standalone-'))
try {
  const root = join(scratch, `${NAME}-${version}-${system}`)
  const whole = join(root, 'lib', NAME)
  mkdirSync(join(root, 'bin'), { recursive: true })
  mkdirSync(whole, { recursive: true })
  copyFileSync(front, join(root, 'bin', NAME))
  chmodSync(join(root, 'bin', NAME), 0o755)
  copyFileSync(join(front, '../quickjs-LICENSE'), join(root, 'quickjs-LICENSE'))
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md']) copyFileSync(file, join(root, file))
  copyFileSync('package.json', join(whole, 'package.json'))
  cpSync('dist', join(whole, 'dist'), { recursive: true })

  const node = fetchPackage(`node-${system}`, NODE_VERSION, NODE_INTEGRITY[system])
  renameSync(join(node, 'bin/node'), join(whole, 'node'))
  chmodSync(join(whole, 'node'), 0o755)
  copyFileSync(join(node, 'LICENSE'), join(root, 'node-LICENSE'))
  for (const name of [KEYRING, `${KEYRING}-${system}-gnu`]) {
    const { version: own = '', integrity } = packages[`node_modules/${name}`] ?? {}
    cpSync(fetchPackage(name, own, integrity), join(whole, 'node_modules', name), { recursive: true })
  }
  const same = '--sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=go=rX,u+rw,a-s'.split(' ')
  const file = join(resolve(out), `${basename(root)}.tar.xz`)
  const packing = ['--create', '--use-compress-program=xz -T2', ...same, '--file', file, '--directory', scratch]
  run('tar', [...packing, basename(root)])
  rmSync(join(out, basename(root)), { recursive: true, force: true })
  cpSync(root, join(out, basename(root)), { recursive: true })
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

/** @returns where it lies, unpacked */
function fetchPackage(name: string, wanted: string, integrity: string | undefined): string {
  const place = mkdtempSync(join(scratch, 'package-'))
  run('npm', ['pack', '--silent', '--pack-destination', place, `${name}@${wanted}`])
  const file = join(place, `${name.replace('@', '').replace('/', '-')}-${wanted}.tgz`)
  const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
  if (found !== integrity) throw new Error(`${name} ${wanted} is not what it was: ${found}`)
  run('tar', ['--extract', '--gzip', '--file', file, '--directory', place])
  return join(place, 'package')
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
}
