import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tls from 'node:tls'
import { Failure, orUndefined, systemCode } from '../base/failure.ts'
import type { Network } from './network.ts'

/** Certificates to trust, as Node takes them. Without any, Node trusts its own. */
export type Trust = { readonly ca?: string[] }

/**
 * What a connection trusts at first: what the user names, as git does, else Node's own certificates.
 *
 * @throws Failure `unreachable` for a file that cannot be read
 */
export function readTrust({ certificateFiles, certificateDirectory }: Network): Trust {
  const named = [...certificateFiles.map(readCertificate), ...readDirectory(certificateDirectory)]
  return named.length === 0 ? {} : { ca: named }
}

/** What an https proxy is trusted by where a file is named for it; undefined where it is trusted as a server is. */
export function readProxyTrust({ proxyCertificateFile: file }: Network): Trust | undefined {
  return file === undefined ? undefined : { ca: [...tls.rootCertificates, readCertificate(file)] }
}

/**
 * What a connection trusts one after another, while {@link mayTrustMore}: at first `trust`; then Node's own certificates too, unless they
 * were it; then the system's, among them a company's own, which git trusts without a setting. To read as many takes longer than a whole
 * handshake.
 */
export function* widen(trust: Trust): Generator<Trust, void, undefined> {
  yield trust
  const { ca: named = [] } = trust
  const both = named.length > 0 ? [...tls.rootCertificates, ...named] : []
  if (both.length > 0) yield { ca: both }
  const system = systemCertificates()
  if (system.length > 0) yield { ca: [...both, ...system] }
}

/** Whether a connection was given up because nothing that was trusted, and is good, has issued the server's certificate. */
export function mayTrustMore(error: unknown): boolean {
  return UNKNOWN_ISSUER.has(systemCode(error) ?? '')
}

/**
 * The last ones are for an issuer who has several certificates: another one may be good.
 *
 * @see https://docs.openssl.org/3.0/man1/openssl-verification-options/
 */
const UNKNOWN_ISSUER = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
])

/** What makes a company's certificate trusted, which its network puts in the place of a server's. */
export function trustHint(platform = process.platform, module: object = tls): string {
  const setting = 'git config --global http.sslCAInfo /path/to/it.pem'
  const exported = EXPORTS[platform]
  if (exported === undefined || readsStore(module)) {
    return `if your company's network puts in its own certificate: ${setting}`
  }
  return (
    "if git trusts it as your company's own, update to Node.js 22.15 or later, which reads the system's certificates; " +
    `or export it (${exported}), then: ${setting}`
  )
}

/** How a person gets a certificate out of the system's store, as PEM. */
const EXPORTS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  win32: 'certmgr.msc, All Tasks, Export, Base-64',
  darwin: 'security find-certificate -a -p /Library/Keychains/System.keychain > it.pem',
}

function systemCertificates(): readonly string[] {
  if (process.platform === 'darwin' || process.platform === 'win32') {
    const here: object = tls
    return (readsStore(here) ? orUndefined(() => here.getCACertificates('system')) : undefined) ?? []
  }
  for (const file of BUNDLES) {
    const bundle = orUndefined(() => readFileSync(file, 'utf8'))
    if (bundle !== undefined) return [bundle]
  }
  return []
}

/** macOS and Windows keep them in a store, which Node reads since 22.15 and 23.10. */
function readsStore(module: object): module is { readonly getCACertificates: (type: 'system') => string[] } {
  return 'getCACertificates' in module
}

/** Where the packagers of curl look, in this order. */
const BUNDLES = [
  // Debian, Ubuntu, Alpine, Arch, Gentoo
  '/etc/ssl/certs/ca-certificates.crt',
  // Fedora, RHEL
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  // openSUSE
  '/etc/ssl/ca-bundle.pem',
  // FreeBSD, OpenBSD
  '/etc/ssl/cert.pem',
]

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadableFailure(file, error)
  }
}

/**
 * The files that OpenSSL finds in such a directory: those that are named after a hash of whose certificate they are. Like it, this
 * passes over what cannot be read: a link may lead to a certificate that was removed.
 */
function readDirectory(directory: string | undefined): readonly string[] {
  if (directory === undefined) return []
  const names = orUndefined(() => readdirSync(directory)) ?? []
  return names
    .filter((name) => /^[\da-f]{8}\.\d+$/.test(name))
    .map((name) => orUndefined(() => readFileSync(join(directory, name), 'utf8')))
    .filter((certificate) => certificate !== undefined)
}

function unreadableFailure(path: string, error: unknown): Failure {
  return new Failure(`the certificates in ${path} cannot be read (${systemCode(error) ?? String(error)})`, {
    code: 'unreachable',
    hints: [
      'look at http.sslCAInfo and http.sslCAPath in git config, GIT_SSL_CAINFO, GIT_SSL_CAPATH and SSL_CERT_FILE',
    ],
  })
}
