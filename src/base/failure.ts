/** What callers decide on; all else about a Failure is for people. */
export type FailureCode =
  // RFC 6749, sections 4.1.2.1 and 5.2: the server's own word.
  | 'access_denied'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  // No answer, or none that says anything: another time there may be one.
  | 'unreachable'
  | 'unconfirmed'
  | 'redirect'
  | 'signed_out'
  // Somebody has to do something first.
  | 'not_configured'
  | 'login_required'
  | 'login_paused'
  | 'usage'
  // How a login came to nothing.
  | 'login_failed'
  | 'no_listener'
  | 'timeout'
  | 'interrupted'
  // The lock is another process's; it was lost to one.
  | 'locked'
  | 'lock_lost'
  // What keeps a keyring from its work (tokens/keyring/keyring.ts).
  | 'keyring_absent'
  | 'keyring_homeless'
  | 'keyring_refused'
  // What is stored is of a later version.
  | 'newer'
  // What was downloaded is no archive that can be unpacked.
  | 'archive'

/**
 * Something went wrong that a person can do something about. It is printed as one sentence and its hints, without a
 * stack; every other error is a bug and keeps its stack.
 */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** What to do next, one line each. */
  readonly hints: readonly string[]
  readonly code: FailureCode | undefined
  /** Whether git shall give up: the user was asked already, and no other helper nor a prompt can do better. */
  readonly quits: boolean

  /**
   * @param message one sentence, in lower case and without a full stop
   */
  constructor(
    message: string,
    options: { hints?: readonly string[]; code?: FailureCode | undefined; quits?: boolean; cause?: unknown } = {},
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
export function orUndefined<Result>(work: () => Result): Result | undefined {
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
