import { visible } from './visible.ts'

/** Callers decide on the code. All else in a Failure is for people. */
export type FailureCode =
  // RFC 6749, sections 4.1.2.1 and 5.2: the server's own word.
  | 'access_denied'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  // There was no usable answer. Another time there may be one.
  | 'unreachable'
  | 'unconfirmed'
  | 'redirect'
  | 'signed_out'
  // A person has to do something first.
  | 'not_configured'
  | 'login_required'
  | 'login_paused'
  | 'usage'
  // Why a login brought no token.
  | 'login_failed'
  | 'no_listener'
  | 'start_taken'
  | 'timeout'
  | 'git_gone'
  | 'interrupted'
  // Another process has the lock, or has taken it over.
  | 'locked'
  | 'lock_lost'
  // Why a keyring does not work (tokens/keyring/keyring.ts).
  | 'keyring_absent'
  | 'keyring_homeless'
  | 'keyring_refused'
  // A later version of this program has written what is stored.
  | 'newer'
  // The archive cannot be unpacked.
  | 'archive'

/**
 * Something went wrong, and a person can do something about it. It is printed as one sentence and its hints, without a
 * stack. Every other error is a bug, and keeps its stack.
 */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** What to do next, one line each. */
  readonly hints: readonly string[]
  readonly code: FailureCode | undefined
  /** Whether git shall give up, because the user was asked already, and no other helper or prompt can do better. */
  readonly quits: boolean

  /**
   * @param message one sentence, in lower case and without a full stop; made visible, as the hints are
   */
  constructor(
    message: string,
    options: { hints?: readonly string[]; code?: FailureCode | undefined; quits?: boolean; cause?: unknown } = {},
  ) {
    super(visible(message), { cause: options.cause })
    this.hints = (options.hints ?? []).map(visible)
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

/** Does some work that is never worth failing for. Any error counts as nothing found. */
export function orUndefined<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** Does some work, and returns its Failure instead of throwing it. Any other error is a bug, and is thrown. */
export async function orFailure<Result>(work: () => Result | Promise<Result>): Promise<Result | Failure> {
  try {
    return await work()
  } catch (error) {
    if (!isFailure(error)) throw error
    return error
  }
}

/** The code of a system error, such as `ENOENT`; undefined for an error without one. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
