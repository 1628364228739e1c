import type { Context } from '../../base/context.ts'
import { Failure } from '../../base/failure.ts'
import type { Arguments } from '../arguments.ts'
import { completionScript } from './completion/script.ts'

/** `completion`: a script for the shell that is named. */
export async function completion(args: Arguments, context: Context): Promise<void> {
  const script = completionScript(args.text('shell') ?? '')
  if (script === undefined) throw new Failure('there is no completion for that shell', { code: 'usage' })
  context.write(script)
}
