import { Failure, systemCode } from '../base/failure.ts'
import { COMMAND } from '../base/program.ts'
import { trustHint } from './trust.ts'

/**
 * The Failure `unreachable`, with the reason in words.
 *
 * @param known the reason, where the error does not tell it
 */
export function unreachableFailure(url: URL, proxy: URL | undefined, error: unknown, known: string): Failure {
  const code = systemCode(error) ?? systemCode(error instanceof Error ? error.cause : undefined) ?? ''
  const tls = TLS_REASONS[code] ?? (/CERT|SIGNATURE/.test(code) ? untrusted(code) : undefined)
  const other = known || (REASONS[code] ?? REASONS[typeOf(error)] ?? explain(code))
  // Behind a proxy too, the certificate is the host's own.
  const where = proxy && !tls ? `${url.host}, through the proxy ${proxy.host},` : url.host
  const hint = tls?.hint ?? `try again when the network is back; to look for the cause: ${COMMAND} doctor`
  const options = { code: 'unreachable', hints: [hint], cause: error } as const
  return new Failure(`${where} cannot be reached (${tls?.reason ?? other})`, options)
}

function untrusted(code: string): { reason: string; hint: string } {
  return {
    reason: `its certificate is not trusted here, ${code}`,
    hint: trustHint(),
  }
}

/** The library's own errors have a type in the place of a code. */
function typeOf(error: unknown): string {
  return error instanceof Error && 'type' in error ? String(error.type) : ''
}

function explain(code: string): string {
  if (code.startsWith('HPE_')) return `its answer is not HTTP as it should be, ${code}`
  return /^(EPROTO$|ERR_SSL_)/.test(code) ? 'TLS failed' : code || 'the request failed'
}

const IDENTITY_HINT =
  'to show a certificate of yours: git config --global http.sslCert FILE, and http.sslKey where its key is in another file'

const CLOCK_HINT =
  "look at this machine's clock first, then at the certificates that you added: git config --show-origin --get http.sslCAInfo"

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known here',
  EAI_AGAIN: 'its name cannot be looked up',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'it does not answer',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection was cut',
  'max-size': 'its answer is too long',
}

const TLS_REASONS: Readonly<Record<string, ReturnType<typeof untrusted>>> = {
  CERT_HAS_EXPIRED: { reason: 'its certificate, or that of who issued it, has expired', hint: CLOCK_HINT },
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: { reason: 'it asks for a client certificate', hint: IDENTITY_HINT },
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: { reason: 'it refuses the client certificate', hint: IDENTITY_HINT },
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: { reason: 'it does not know who issued the client certificate', hint: IDENTITY_HINT },
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: {
    reason: 'it ended the TLS handshake, as it may do where it wants a client certificate',
    hint: IDENTITY_HINT,
  },
  ERR_OSSL_BAD_DECRYPT: {
    reason: "the passphrase of the client certificate's key is wrong",
    hint: "git asks its credential helpers for it, with protocol=cert and the file's path",
  },
  ERR_OSSL_X509_KEY_VALUES_MISMATCH: { reason: 'the key is not that of the client certificate', hint: IDENTITY_HINT },
  CERT_NOT_YET_VALID: { reason: 'its certificate is not valid yet', hint: CLOCK_HINT },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    reason: 'its certificate is for another name',
    hint: 'something stands between this machine and the server: a login page of this network, or a wrong proxy',
  },
}
