import type { Trace } from './trace.ts'

/** What a run meets of the outside world, passed in so that a test can bring its own. */
export type Context = {
  /** Seconds since 1970. */
  readonly now: () => number
  readonly env: NodeJS.ProcessEnv
  /** Where access tokens lie. This directory and the other are ours alone, and made when something is written there. */
  readonly findRuntimeDirectory: () => Promise<string>
  /** Where refresh tokens lie. */
  readonly findDataDirectory: () => Promise<string>
  /** The program that speaks to the system's keyring (keyringProcess.ts). */
  readonly keyringProgram: string
  /** With what they are: terminals, how wide. Node opens each when it is asked for, so the cached path asks for none. */
  readonly streams: Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'>
  /** Whether somebody sits there, who sees what stderr says and can act on it. */
  readonly isAttended: () => boolean
  /** All that git sends, up to the empty line or the end: a character for each byte. */
  readonly read: () => string
  /** To stdout, which is git's alone. */
  readonly write: (text: string) => void
  /** A decision, in a few words without a secret; written down where the user asked for it. */
  readonly trace: Trace
  /** One line for people, on stderr. */
  readonly tell: (text: string) => void
}
