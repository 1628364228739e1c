/**
 * What src/front/front.c gives to this program: calls of the operating system, and nothing of git's protocol. Each throws an error with
 * the system's `code` where it fails.
 */
export type Native = {
  /** What git wants: `get`, `store`, `erase` or `capability`. */
  readonly operation: string
  readonly env: NodeJS.ProcessEnv
  /** As Node names it. */
  readonly platform: NodeJS.Platform
  /** Numbers that differ by system. Windows has the first one alone. */
  readonly constants: { readonly O_RDONLY: number; readonly O_NOFOLLOW?: number; readonly O_NONBLOCK?: number }
  /** Undefined where the system has no such numbers. */
  readonly getuid?: () => number
  /** Opens a file to read from it, whatever else the flags say. */
  readonly pid: number
  /** Gives true for a process that runs. */
  readonly probe: (pid: number) => boolean
  readonly open: (path: string, flags: number) => number
  readonly close: (file: number) => void
  readonly stat: (path: string) => Status
  readonly fstat: (file: number) => Status
  /** The text of an open file, which has to be UTF-8. */
  readonly readText: (file: number) => string
  readonly exists: (path: string) => boolean
  readonly list: (path: string) => string[]
  /** Makes a file of mode 0600, where there is nothing. */
  readonly create: (path: string, text: string) => void
  readonly remove: (path: string) => void
  /** Stops this process for some milliseconds. */
  readonly sleep: (milliseconds: number) => void
  /** A text whose characters are the bytes of UTF-8, as the text that they are. */
  readonly decode: (bytes: string) => string
  /** What git sends, up to the empty line or the end: a character for each byte. */
  readonly read: () => string
  /** Writes the answer, and ends this process with success. */
  readonly finish: (answer: string) => never
}

/** As stat(2) gives it. The time of the last change is in milliseconds since 1970. */
export type Status = readonly [mode: number, uid: number, size: number, mtime: number]

declare global {
  // oxlint-disable-next-line no-var -- this is how TypeScript takes a global
  var native: Native
}
