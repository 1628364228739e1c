import { BITBUCKET } from '../../../base/bitbucket.ts'
import type { Context } from '../../../base/context.ts'
import { Failure } from '../../../base/failure.ts'
import { findFront, frontCommand, frontOf } from '../../front.ts'
import type { Scope } from '../../../git/scope.ts'
import type { Arguments } from '../../arguments.ts'

/** The key whose values name the helpers for Bitbucket alone. */
export const HELPER_KEY = `credential.${BITBUCKET}.helper`

/** What configure adds to it: none of those before, and this one, by its native front where that is installed. */
export function helperValues(context: Context): readonly string[] {
  const front = findFront(context)
  return ['', front === undefined ? NAME : frontCommand(front)]
}

/** Whether values are those that configure adds, or has added where the front was elsewhere or was not there. */
export function areOwnValues(values: readonly string[]): boolean {
  const [empty, helper = ''] = values
  return values.length === 2 && empty === '' && (helper === NAME || frontOf(helper) !== undefined)
}

const NAME = 'bitbucket-oauth'

/** The scope of git's configuration that a person names; a Failure for several at once. */
export function readScope(args: Arguments): Scope {
  const scopes = (['global', 'system', 'local'] as const).filter((name) => args.has(name))
  if (scopes.length > 1) {
    throw new Failure(`${scopes.map((name) => `--${name}`).join(' and ')} exclude each other`, {
      hints: ['give one of them, or none for --global'],
      code: 'usage',
    })
  }
  return scopes[0] ?? 'global'
}

/** Values of the key, as git writes them into a file. */
export function describeLines(values: readonly string[]): string {
  return [`[credential "${BITBUCKET}"]\n`, ...values.map((value) => `\thelper = ${value}\n`)].join('')
}
