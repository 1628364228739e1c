import { readFileSync } from 'node:fs'
import { Failure, systemCode } from '../base/failure.ts'
import type { Network } from './network.ts'

/** A certificate of the user's own and its key, as Node takes them. Secret. */
export type Identity = { readonly cert?: string; readonly key?: string; readonly passphrase?: string }

/**
 * What is shown to a server that asks who we are.
 *
 * @throws Failure `unreachable` for a file that cannot be read, or a passphrase that nobody knows
 */
export function readIdentity({ clientCertificate }: Network): Identity {
  if (clientCertificate === undefined) return {}
  const { certificateFile, keyFile, askPassphrase } = clientCertificate
  const [cert, key] = [certificateFile, keyFile].map(read)
  if (cert === undefined || key === undefined) return {}
  return { cert, key, ...(isEncrypted(key) ? { passphrase: askPassphrase() } : {}) }
}

/** RFC 7468, section 11, and the older form of OpenSSL's. */
function isEncrypted(key: string): boolean {
  return /-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(key)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new Failure(`the client certificate in ${file} cannot be read (${systemCode(error) ?? String(error)})`, {
      code: 'unreachable',
      hints: ['look at http.sslCert and http.sslKey in git config, GIT_SSL_CERT and GIT_SSL_KEY'],
    })
  }
}
