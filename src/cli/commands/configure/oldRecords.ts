import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Context } from '../../../base/context.ts'
import { orUndefined } from '../../../base/failure.ts'

/**
 * Removes what an earlier version noted of the files that it had changed, beside the logins. Nothing reads it any more,
 * so what cannot be removed is no failure.
 */
export async function removeOldRecords({ findDataDirectory }: Context): Promise<void> {
  const data = await findDataDirectory().catch(() => undefined)
  if (data !== undefined) orUndefined(() => rmSync(join(dirname(data), 'configured'), { recursive: true, force: true }))
}
