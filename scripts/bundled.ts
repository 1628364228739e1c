import type { Metafile } from 'esbuild'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What package.json tells of a package. */
export type Manifest = {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly engines?: { readonly node?: string }
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** What package-lock.json tells of one. */
type Locked = { readonly version?: string; readonly license?: string; readonly integrity?: string }

/** The places of the packages that esbuild took into dist/, such as node_modules/tar, as the lock file names them too: one for each version. */
export async function bundledPackages(metafiles: readonly Metafile[]): Promise<string[]> {
  const directories = new Set<string>()
  for (const input of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
    const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)
    if (found?.[1] !== undefined) directories.add(found[1])
  }
  const placed = new Map<string, string>()
  for (const directory of [...directories].toSorted()) {
    const { name, version } = await readManifest(directory)
    placed.set(`${name} ${version}`, directory)
  }
  return [...placed.values()]
}

/** The text of each license, which each of them asks to be passed on. A package without one fails the build. */
export async function licenses(packages: readonly string[]): Promise<string> {
  const texts = await Promise.all(
    packages.map(async (directory) => {
      const { name, version, license } = await readManifest(directory)
      const title = `${name} ${version} (${license})`
      return `${title}\n${'-'.repeat(title.length)}\n${await licenseText(directory)}\n`
    }),
  )
  return `This program contains the following packages.\n\n${texts.join('\n')}`
}

/** In a file of its own, or at the end of the README (data-uri-to-buffer 4). */
async function licenseText(directory: string): Promise<string> {
  const files = await readdir(directory)
  const file = files.find((name) => /^licen[sc]e/i.test(name)) ?? files.find((name) => /^readme/i.test(name))
  const text = file === undefined ? '' : await readFile(join(directory, file), 'utf8')
  const license = /^readme/i.test(file ?? '') ? /^(?:#+ *)?License\n(?:-+\n)?(.*)/ims.exec(text)?.[1] : text
  if (!/copyright/i.test(license ?? '')) throw new Error(`${directory} has no license text to pass on`)
  return (license ?? '').trim()
}

/**
 * A bill of materials of dist/ (CycloneDX 1.5): what is bundled, with the hash of the package that npm installed, and
 * what npm installs beside it. Without a date and a serial number, so that the same source makes the same file.
 */
export async function billOfMaterials(own: Manifest, packages: readonly string[]): Promise<string> {
  const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>
  }
  const beside = Object.keys(own.optionalDependencies ?? {}).map((name) => `node_modules/${name}`)
  const component = (scope: 'required' | 'optional') => (directory: string) => {
    const { version, license, integrity } = lock.packages[directory] ?? {}
    const name = directory.replace(/^.*node_modules\//, '')
    const [, hash] = /^sha512-(.+)$/.exec(integrity ?? '') ?? []
    if (version === undefined || license === undefined || hash === undefined) {
      throw new Error(`package-lock.json has no version, license and SHA-512 of ${directory}`)
    }
    return {
      type: 'library',
      scope,
      ...described({ name, version, license }),
      hashes: [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }],
    }
  }
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { type: 'application', ...described(own) } },
    components: [...packages.map(component('required')), ...beside.map(component('optional'))],
  }
  return `${JSON.stringify(bill, undefined, 2)}\n`
}

/** A package by its name, and by its package URL (https://github.com/package-url/purl-spec). */
function described({ name, version, license }: Manifest) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`
  return { 'bom-ref': purl, name, version, purl, licenses: [{ expression: license }] }
}

export async function readManifest(directory: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest
}
