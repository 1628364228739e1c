import type { Trace } from './trace.ts'

/** What a run uses of the outside world. It is passed in, so that a test can bring its own. */
export type Context = {
  /** Seconds since 1970. */
  readonly now: () => number
  /** Stops this process for some milliseconds. */
  readonly sleep: (milliseconds: number) => void
  readonly env: NodeJS.ProcessEnv
  /** The directory of the access tokens. It is ours alone, as is the other one. It is made when something is written. */
  readonly findRuntimeDirectory: () => Promise<string>
  /** The directory of the refresh tokens. */
  readonly findDataDirectory: () => Promise<string>
  /** The program that speaks to the system's keyring (keyringProcess.ts). */
  readonly keyringProgram: string
  /** With what they are: a terminal or not, how wide. Node opens each at its first use; the cached path uses none. */
  readonly streams: Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'>
  /** Whether a person sees what stderr says, and can act on it. */
  readonly isAttended: () => boolean
  /** Reads what git sends, up to the empty line or the end. Gives a character for each byte. */
  readonly read: () => string
  /** Writes to stdout, which belongs to git. */
  readonly write: (text: string) => void
  /** Writes down a decision, in a few words without a secret, where the user asked for it. */
  readonly trace: Trace
  /** Writes one line for people, to stderr. */
  readonly tell: (text: string) => void
}
