import type { Context } from '../base/context.ts'
import { isBackground } from '../base/unattended.ts'
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

/** `auto` is the keyring where one answers, else a file. `none` keeps nothing at all, for a consumer's own tokens. */
export type StoreChoice = Store | 'auto' | 'none'

/** How long an answer of the keyring may take: a person may have to type its password. Seconds. */
const ATTENDED_LIMIT = 60
const UNATTENDED_LIMIT = 10

/**
 * The Keychain of macOS asks in a window, which a person sees without a terminal too: it asks again after each update of an
 * unsigned Node, such as Homebrew's.
 */
export function keyringTimeLimit(
  { env, isAttended }: Pick<Context, 'env' | 'isAttended'>,
  platform = process.platform,
): number {
  return isAttended() || (platform === 'darwin' && !isBackground(env)) ? ATTENDED_LIMIT : UNATTENDED_LIMIT
}

/** Does some work with the user's storage, and closes it afterwards. */
export async function withStorage<Result>(
  context: Context,
  work: (storage: Storage) => Promise<Result>,
): Promise<Result> {
  const { env, tell, keyringProgram } = context
  const timeLimit = keyringTimeLimit(context)
  const keyring = openKeyring({ program: keyringProgram, timeLimit, env, tell })
  try {
    const runtime = await context.findRuntimeDirectory()
    return await work({ runtime, data: await context.findDataDirectory(), keyring, tell })
  } finally {
    keyring.close()
  }
}
