import type { Directories } from './paths.ts'

/** What a run meets of the outside world, passed in so that a test can bring its own. */
export type Surroundings = {
  /** Seconds since 1970. */
  readonly now: () => number
  readonly env: NodeJS.ProcessEnv
  readonly directories: Directories
  /** All that git sends, up to the empty line or the end. */
  readonly read: () => Buffer
  /** To stdout, which is git's alone. */
  readonly write: (text: string) => void
  /** One line for people, on stderr. */
  readonly tell: (text: string) => void
}
