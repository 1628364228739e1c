import type { Trace } from '../base/trace.ts'

/** The user's way to the network. */
export type Network = {
  /** An http proxy for https. It may hold a password, so only its host is ever printed. */
  readonly proxy: URL | undefined
  /** Writes each exchange down, without its secrets. */
  readonly trace?: Trace
  /** Files of certificates (PEM) to trust beside Node's own. */
  readonly certificateFiles: readonly string[]
  /** A directory of such files, named as OpenSSL's `rehash` does. */
  readonly certificateDirectory?: string
}
