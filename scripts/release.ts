import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/**
 * Packs what npm is to have of a release, into a directory: this program, and one package for each native front that was built.
 * npm installs the one that fits by itself (`optionalDependencies`); none has a script, and none a command of its own.
 *
 * Usage: release.ts OUT [SYSTEM=FRONT ...], as linux-x64=path/to/front; after `npm run build`
 *
 * @see https://docs.npmjs.com/cli/configuring-npm/package-json#optionaldependencies
 */
const [, , out = 'release', ...fronts] = process.argv
const { name, version, license, engines, bin, man, files, description, type, optionalDependencies } = JSON.parse(
  readFileSync('package.json', 'utf8'),
) as Record<string, unknown> & { name: string; version: string }

const own = join(out, 'packages')
rmSync(out, { recursive: true, force: true })
const names = fronts.map((word) => {
  const [system = '', file = ''] = word.split('=')
  const [os, cpu] = system.split('-')
  const place = join(own, system)
  mkdirSync(place, { recursive: true })
  const front = join(place, os === 'win32' ? 'front.exe' : 'front')
  copyFileSync(file, front)
  chmodSync(front, 0o755)
  copyFileSync('LICENSE', join(place, 'LICENSE'))
  copyFileSync(join(dirname(file), 'quickjs-LICENSE'), join(place, 'quickjs-LICENSE'))
  const scoped = `@${name}/${system}`
  const about = `The native front of ${name} for ${system}: answers git from the cache.`
  writeManifest(place, { name: scoped, version, description: about, license, os: [os], cpu: [cpu], files: ['*'] })
  pack(place)
  return scoped
})

const whole = join(own, name)
mkdirSync(whole, { recursive: true })
cpSync('dist', join(whole, 'dist'), { recursive: true })
for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) copyFileSync(file, join(whole, file))
writeManifest(whole, {
  name,
  version,
  description,
  license,
  type,
  bin,
  man,
  files,
  engines,
  optionalDependencies: {
    ...(optionalDependencies as Record<string, string>),
    ...Object.fromEntries(names.map((scoped) => [scoped, version])),
  },
})
pack(whole)

function writeManifest(place: string, manifest: object): void {
  writeFileSync(join(place, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
}

function pack(place: string): void {
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', resolve(out), resolve(place)]
  const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}
