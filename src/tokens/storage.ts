import { isatty } from 'node:tty'
import type { Surroundings } from '../base/context.ts'
import { openKeyring } from './keyring/keyring.ts'
import type { Places } from './readLogin.ts'

/** For one answer of the keyring: where nobody sits, nobody types its password. Seconds. */
const ATTENDED = 60
const ALONE = 3

/** Where things are kept for this user. The keyring is to be closed. */
export async function openPlaces(around: Surroundings): Promise<Places> {
  const { env, tell } = around
  return {
    runtime: await around.findRuntimeDirectory(),
    data: await around.findDataDirectory(),
    keyring: openKeyring({ program: around.keyringProgram, timeLimit: isatty(2) ? ATTENDED : ALONE, env, tell }),
    tell,
  }
}
