import { statSync } from 'node:fs'
import { orUndefined } from './failure.ts'

/**
 * The home as git takes it: HOME; on Windows, where that is not set, HOMEDRIVE with HOMEPATH if there is such a directory (often
 * a company's network drive), else USERPROFILE.
 *
 * @see https://github.com/git/git/blob/v2.39.5/compat/mingw.c setup_windows_environment
 */
export function findHome(env: NodeJS.ProcessEnv, platform = process.platform): string | undefined {
  const { HOME, HOMEDRIVE = '', HOMEPATH = '', USERPROFILE } = env
  if (HOME !== undefined || platform !== 'win32') return HOME
  const drive = `${HOMEDRIVE}${HOMEPATH}`
  return orUndefined(() => statSync(drive).isDirectory()) === true ? drive : USERPROFILE
}
