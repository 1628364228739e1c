import type { Trace } from '../base/trace.ts'

/** The user's way to the network. */
export type Network = {
  /**
   * A proxy for https, by its protocol: `http:`, `https:`, `socks4:`, `socks4a:`, `socks5:` (names are looked up here) or
   * `socks5h:` (and there). It may hold a password, so only its host is ever printed.
   */
  readonly proxy: URL | undefined
  /** Writes each exchange down, without its secrets. */
  readonly trace?: Trace
  /** Files of certificates (PEM) to trust beside Node's own. */
  readonly certificateFiles: readonly string[]
  /** A directory of such files, named as OpenSSL's `rehash` does. */
  readonly certificateDirectory?: string
  /** The same for an `https:` proxy. */
  readonly proxyCertificateFile?: string
  /** Shown to a server that asks who we are. */
  readonly clientCertificate?: ClientCertificate
}

/** A certificate of the user's own and its key: files (PEM), which may be the same. */
export type ClientCertificate = {
  readonly certificateFile: string
  readonly keyFile: string
  /**
   * Asks for the passphrase of the key; called where it has one.
   *
   * @throws Failure where it is not known
   */
  readonly askPassphrase: () => string
}
