/**
 * Something went wrong that a person can do something about. It is printed as one sentence and its hints, without a
 * stack; every other error is a bug and keeps its stack.
 */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** What to do next, one line each. */
  readonly hints: readonly string[]
  /** What callers decide on: an error code of RFC 6749, section 5.2, or one of our own. */
  readonly code: string | undefined
  /** Whether git shall give up: the user was asked already, and no other helper nor a prompt can do better. */
  readonly quits: boolean

  /**
   * @param message one sentence, in lower case and without a full stop
   */
  constructor(
    message: string,
    options: { hints?: readonly string[]; code?: string; quits?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.hints = options.hints ?? []
    this.code = options.code
    this.quits = options.quits ?? false
  }
}

/**
 * Whether an error is a {@link Failure}. It goes by the name: the small entry and the lazily loaded bundles each carry
 * a copy of the class.
 */
export function isFailure(error: unknown): error is Failure {
  return error instanceof Error && error.name === 'Failure' && 'hints' in error
}

/** Does what is never worth failing for: whatever goes wrong counts as nothing found. */
export function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** Does what may fail in words, and takes the Failure for what came of it; anything else is a bug, and is thrown. */
export async function orFailure<Result>(work: () => Result | Promise<Result>): Promise<Result | Failure> {
  try {
    return await work()
  } catch (error) {
    if (!isFailure(error)) throw error
    return error
  }
}

/** The code of a system error, such as `ENOENT`; undefined for whatever carries none. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
