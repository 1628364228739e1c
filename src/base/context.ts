import type { Trace } from './trace.ts'

/** What a run meets of the outside world, passed in so that a test can bring its own. */
export type Surroundings = {
  /** Seconds since 1970. */
  readonly now: () => number
  readonly env: NodeJS.ProcessEnv
  /** Where access tokens lie. This directory and the other are ours alone, and made when something is written there. */
  readonly findRuntimeDirectory: () => Promise<string>
  /** Where refresh tokens lie. */
  readonly findDataDirectory: () => Promise<string>
  /** The program that speaks to the system's keyring (keyringProcess.ts). */
  readonly keyringProgram: string
  /** All that git sends, up to the empty line or the end: a character for each byte. */
  readonly read: () => string
  /** To stdout, which is git's alone. */
  readonly write: (text: string) => void
  /** A decision, in a few words without a secret; written down where the user asked for it. */
  readonly trace: Trace
  /** One line for people, on stderr. */
  readonly tell: (text: string) => void
}
