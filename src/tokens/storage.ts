import type { Context } from '../base/context.ts'
import { type Keyring, openKeyring } from './keyring/keyring.ts'

/** Where a user's logins and tokens are kept. */
export type Storage = {
  readonly keyring: Keyring
  /** The data directory: logins. */
  readonly data: string
  /** The runtime directory: access tokens, and the last place for a login that no other place takes. */
  readonly runtime: string
  /** Takes a sentence where something differs from what the user may think. */
  readonly tell: (text: string) => void
}

/**
 * Storage with the store for logins. A login is in the system's keyring, and then a record without a secret in the data
 * directory says so; or that record holds the login.
 */
export type LoginStorage = Storage & { readonly choice: StoreChoice }

export type Store = 'keyring' | 'file'

/** `auto` is the keyring where one answers, else a file. */
export type StoreChoice = Store | 'auto'

/**
 * How long an answer of the keyring may take: a person may have to type its password. macOS asks in a window of its own, also
 * where git has no terminal. Seconds.
 */
const ATTENDED_LIMIT = 60
const UNATTENDED_LIMIT = 10

/** Does some work with the user's storage, and closes it afterwards. */
export async function withStorage<Result>(
  context: Context,
  work: (storage: Storage) => Promise<Result>,
): Promise<Result> {
  const { env, tell, keyringProgram } = context
  const timeLimit =
    context.isAttended() || (process.platform === 'darwin' && !env['CI']) ? ATTENDED_LIMIT : UNATTENDED_LIMIT
  const keyring = openKeyring({ program: keyringProgram, timeLimit, env, tell })
  try {
    const runtime = await context.findRuntimeDirectory()
    return await work({ runtime, data: await context.findDataDirectory(), keyring, tell })
  } finally {
    keyring.close()
  }
}
