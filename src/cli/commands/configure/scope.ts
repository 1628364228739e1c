import { BITBUCKET } from '../../../base/bitbucket.ts'
import { Failure } from '../../../base/failure.ts'
import type { Scope } from '../../../git/scope.ts'
import type { Arguments } from '../../arguments.ts'

/** The key whose values name the helpers for Bitbucket alone. */
export const HELPER_KEY = `credential.${BITBUCKET}.helper`

/** What configure adds to it: none of those before, and this one. */
export const HELPER_VALUES: readonly string[] = ['', 'bitbucket-oauth']

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
